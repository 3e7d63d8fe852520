import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogsResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { LogEvent } from "../../../src/fleet/logs/log-entry.ts";
import { readingToProto } from "../../../src/rpc/convert/log-to-proto.ts";

const entry = (event: LogEvent) => ({
  kind: "entry" as const,
  cursor: "c",
  entry: { ordinal: 1, timeMs: 1500, instance: "i-1", event },
});

function json(reading: Parameters<typeof readingToProto>[0]) {
  const bytes = toBinary(LogsResponseSchema, readingToProto(reading));
  return toJson(LogsResponseSchema, fromBinary(LogsResponseSchema, bytes));
}

const common = { time: "1970-01-01T00:00:01.500Z", cursor: "c" };

describe("readingToProto", () => {
  it("gives lines with their source and flags", () => {
    const flags = { truncated: true, invalidUtf8: true, level: "warning" };
    expect(json(entry({ kind: "line", source: "mcp", text: "x", flags }))).toEqual({
      line: { source: "LOG_SOURCE_MCP", text: "x", truncated: true, invalidUtf8: true, level: "warning" },
      instanceId: "i-1",
      ...common,
    });
    expect(json(entry({ kind: "line", source: "stderr", text: "", flags: {} }))).toMatchObject({
      line: { source: "LOG_SOURCE_STDERR" },
    });
    expect(json(entry({ kind: "line", source: "stdout", text: "a\ud800", flags: {} }))).toMatchObject({
      line: { source: "LOG_SOURCE_STDOUT", text: "a\ufffd" },
    });
  });

  it("gives what the manager did with the server", () => {
    expect(json(entry({ kind: "lifecycle", state: "failed", message: "exited" }))).toEqual({
      lifecycle: { state: "SERVER_STATE_FAILED", message: "exited" },
      instanceId: "i-1",
      ...common,
    });
  });

  it("gives gaps and heartbeats", () => {
    expect(json({ kind: "gap", lines: 7, timeMs: 1500, cursor: "c" })).toEqual({ gap: { lines: "7" }, ...common });
    expect(json({ kind: "heartbeat", timeMs: 1500, cursor: "c" })).toEqual({ heartbeat: {}, ...common });
  });
});
