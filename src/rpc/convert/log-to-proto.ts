import { create } from "@bufbuild/protobuf";
import {
  LifecycleEventSchema,
  type LogLine,
  LogSource,
  type LogsResponse,
  LogsResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { LineSource, LogEvent } from "../../fleet/logs/log-entry.ts";
import type { LogReading } from "../../fleet/logs/read-log.ts";
import { states } from "./server-to-proto.ts";
import { toTimestamp } from "./values/time.ts";

const lineSources = {
  stderr: LogSource.STDERR,
  stdout: LogSource.STDOUT,
  mcp: LogSource.MCP,
} satisfies Record<LineSource, LogSource>;

/**
 * One reading of a log as the event of a stream. What comes with each line is a literal, which takes 8 % of a line's
 * time less than `create` (bench/README.md, micro); the type says when a field is missing.
 */
export function readingToProto(reading: LogReading): LogsResponse {
  const { cursor } = reading;
  switch (reading.kind) {
    case "entry": {
      const { event, timeMs, instance } = reading.entry;
      const time = toTimestamp(timeMs);
      return {
        $typeName: "mcpmanager.v1.LogsResponse",
        event: eventToProto(event),
        time,
        cursor,
        instanceId: instance,
      };
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

function eventToProto(event: LogEvent): LogsResponse["event"] {
  if (event.kind === "line") return { case: "line", value: lineToProto(event) };
  const lifecycle = { state: states[event.state], message: event.message.toWellFormed() };
  return { case: "lifecycle", value: create(LifecycleEventSchema, lifecycle) };
}

export function lineToProto({ source, text, flags }: Extract<LogEvent, { kind: "line" }>): LogLine {
  const { truncated = false, invalidUtf8 = false, partial = false } = flags;
  const { level = "", logger = "", extraJson = "", isJson = false } = flags;
  return {
    $typeName: "mcpmanager.v1.LogLine",
    source: lineSources[source],
    text: text.toWellFormed(),
    truncated,
    invalidUtf8,
    partial,
    level,
    logger,
    extraJson,
    isJson,
  };
}
