import type { ServiceImpl } from "@connectrpc/connect";
import {
  LogSourceSchema,
  type LogsRequest,
  type LogsResponse,
  type ManagerService,
  type WatchResponse,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { readLog } from "../../fleet/logs/read-log.ts";
import { watchFleet } from "../../fleet/watch-fleet.ts";
import { logsRequestSchema } from "../../operations/requests/request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { mapMessages } from "../call/map-messages.ts";
import { readingToProto } from "../convert/log-to-proto.ts";
import { enumName } from "../convert/values/enum-name.ts";
import { timestampMs } from "../convert/values/time.ts";
import { fleetReadingToProto } from "../convert/watch-to-proto.ts";
import type { ServiceOptions } from "./service-options.ts";
import { shuttingDown } from "./shutting-down.ts";

/** The RPCs that stream what happens until the caller leaves. */
export function streamMethods(options: ServiceOptions) {
  return {
    logs: (request, { signal }) => logs(options, { request, signal }),

    watch: (_request, { signal }) => watch(options, signal),
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

/** Not a generator: see mapMessages. */
function logs(
  { fleet, now, elapsedMs, heartbeatMs, shutdown }: ServiceOptions,
  { request, signal }: { request: LogsRequest; signal: AbortSignal },
): AsyncIterable<LogsResponse> {
  const { server, ...query } = validate(logsRequestSchema, {
    server: request.server,
    follow: request.follow,
    tail: request.tail,
    sinceMs: timestampMs(request.since),
    sources: request.sources.map((source) => enumName(LogSourceSchema, source) ?? "unspecified"),
    cursor: request.cursor,
  });
  const until = AbortSignal.any([signal, shutdown]);
  const options = { signal: until, heartbeatMs, now, elapsedMs };
  return mapMessages(readLog(fleet.log(server), query, options), {
    message: readingToProto,
    error: (error) => error,
    end: () => {
      if (shutdown.aborted) throw shuttingDown("follow again with the last cursor");
      signal.throwIfAborted();
    },
  });
}

async function* watch(
  { fleet, runtime, now, heartbeatMs, shutdown }: ServiceOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchResponse> {
  const until = AbortSignal.any([signal, shutdown]);
  for await (const reading of watchFleet(fleet, { signal: until, heartbeatMs })) {
    yield* fleetReadingToProto(reading, { runtime: runtime.kind, now });
  }
  if (shutdown.aborted) throw shuttingDown("watch again");
  signal.throwIfAborted();
}
