import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type WatchResponse, WatchResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { type Server, ServerSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import type { ServerSnapshot } from "../../fleet/state/server-snapshot.ts";
import type { FleetReading } from "../../fleet/watch-fleet.ts";
import { serverToProto } from "./server-to-proto.ts";
import { maxPageBytes } from "./values/bounded-page.ts";
import { toTimestamp } from "./values/time.ts";

const maxPullTextBytes = 1024;

interface WatchToProtoOptions {
  /** What runs the servers. */
  readonly runtime: string;
  readonly now: () => number;
}

/** One reading of the fleet as events of a stream: a large snapshot takes several. */
export function* fleetReadingToProto(
  reading: FleetReading,
  { runtime, now }: WatchToProtoOptions,
): Generator<WatchResponse> {
  const event = (value: NonNullable<MessageInitShape<typeof WatchResponseSchema>["event"]>) =>
    create(WatchResponseSchema, { event: value, time: toTimestamp(now()) });
  switch (reading.kind) {
    case "snapshot": {
      const parts = snapshotParts(reading.servers, runtime);
      for (const [index, servers] of parts.entries()) {
        yield event({ case: "snapshot", value: { servers, more: index < parts.length - 1 } });
      }
      break;
    }
    case "change":
      yield event({ case: "change", value: { server: serverToProto(reading.server, runtime), gone: reading.gone } });
      break;
    case "pull": {
      const text = truncateUtf8(reading.progress.toWellFormed(), { maxBytes: maxPullTextBytes, keep: "start" });
      yield event({ case: "pull", value: { server: reading.server, text } });
      break;
    }
    case "heartbeat":
      yield event({ case: "heartbeat", value: {} });
      break;
    default:
      reading satisfies never;
  }
}

/** At least one part, each of a size that clients accept. */
function snapshotParts(snapshots: readonly ServerSnapshot[], runtime: string): Server[][] {
  let part: Server[] = [];
  const parts = [part];
  let bytes = 0;
  for (const snapshot of snapshots) {
    const server = serverToProto(snapshot, runtime);
    const size = toBinary(ServerSchema, server).length;
    if (bytes + size > maxPageBytes && part.length > 0) {
      part = [];
      parts.push(part);
      bytes = 0;
    }
    part.push(server);
    bytes += size;
  }
  return parts;
}
