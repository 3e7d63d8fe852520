import { create } from "@bufbuild/protobuf";
import { LogSource, type LogsResponse, LogsResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { LineSource, LogEvent } from "../../fleet/logs/log-entry.ts";
import type { LogReading } from "../../fleet/logs/read-log.ts";
import { states } from "./server-to-proto.ts";
import { toTimestamp } from "./time.ts";

const lineSources = {
  stderr: LogSource.STDERR,
  stdout: LogSource.STDOUT,
  mcp: LogSource.MCP,
} satisfies Record<LineSource, LogSource>;

/** One reading of a log as the event of a stream. */
export function readingToProto(reading: LogReading): LogsResponse {
  const { cursor } = reading;
  switch (reading.kind) {
    case "entry": {
      const { event, timeMs, instance } = reading.entry;
      return create(LogsResponseSchema, {
        event: eventToProto(event),
        time: toTimestamp(timeMs),
        cursor,
        instanceId: instance,
      });
    }
    case "gap": {
      const value = { lines: BigInt(reading.lines) };
      return create(LogsResponseSchema, { event: { case: "gap", value }, time: toTimestamp(reading.timeMs), cursor });
    }
    case "heartbeat":
      return create(LogsResponseSchema, {
        event: { case: "heartbeat", value: {} },
        time: toTimestamp(reading.timeMs),
        cursor,
      });
    default:
      return reading satisfies never;
  }
}

function eventToProto(event: LogEvent) {
  if (event.kind === "lifecycle") {
    return { case: "lifecycle" as const, value: { state: states[event.state], message: event.message.toWellFormed() } };
  }
  return { case: "line" as const, value: lineToProto(event) };
}

export function lineToProto({ source, text, flags }: Extract<LogEvent, { kind: "line" }>) {
  const { truncated = false, invalidUtf8 = false, partial = false } = flags;
  const { level = "", logger = "", extraJson = "", isJson = false } = flags;
  const own = { level, logger, extraJson, isJson };
  return { source: lineSources[source], text: text.toWellFormed(), truncated, invalidUtf8, partial, ...own };
}
