import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { LogSource, type LogsResponse, LogsResponseSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import type { LogReading } from "../../src/fleet/logs/read-log.ts";
import { readingToProto } from "../../src/rpc/convert/log-to-proto.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const timeMs = 1_795_000_000_123;
const text = "x".repeat(100);
const cursor = "AAABm2hJ7wAAAAAAAAAAZAAAAZtoSe8A";
const instance = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
const flags = { truncated: false, invalidUtf8: false };
const event = { kind: "line", source: "stderr", text, flags } as const;
const reading: LogReading = { kind: "entry", cursor, entry: { ordinal: 1, timeMs, instance, event } };

export const logMessage: Pair = {
  thing: "the message of a log line",
  file: "src/rpc/convert/log-to-proto.ts",
  plainForm: "create of @bufbuild/protobuf",
  goesBelow: 2,
  part: { of: "a line of a log", times: 1 },
  hand: repeat(() => keep(readingToProto(reading))),
  plain: repeat(() => keep(byCreate())),
};

function byCreate(): LogsResponse {
  const seconds = Math.floor(timeMs / 1000);
  return create(LogsResponseSchema, {
    event: {
      case: "line",
      value: { source: LogSource.STDERR, text: text.toWellFormed(), ...flags, partial: false, level: "", logger: "" },
    },
    time: create(TimestampSchema, { seconds: BigInt(seconds), nanos: (timeMs - seconds * 1000) * 1_000_000 }),
    cursor,
    instanceId: instance,
  });
}
