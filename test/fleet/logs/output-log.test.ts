import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../src/fleet/logs/log-entry.ts";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";
import { OutputLog } from "../../../src/fleet/logs/output-log.ts";
import { heapUsed } from "../../heap.ts";

function open() {
  const ring = new LogRing({ maxBytes: 1_000_000, now: () => 0 });
  const events = () => Array.from({ length: ring.nextOrdinal }, (_, ordinal) => ring.at(ordinal)?.event as LogEvent);
  return { output: new OutputLog(ring, "i-1"), ring, events };
}

const plainMessage = { isJson: false, logger: "", extraJson: "" };

describe("OutputLog", () => {
  it("writes stderr line by line, whatever the chunks are, and the last one at the end", () => {
    const { output, ring, events } = open();
    const bytes = Buffer.from("é first\r\n\nhalf");
    for (const byte of bytes) output.stderr(Buffer.from([byte]));
    expect(events().map((event) => event.kind === "line" && event.text)).toEqual(["é first", ""]);
    output.end();
    output.end();
    expect(ring.at(2)).toMatchObject({
      instance: "i-1",
      event: { source: "stderr", text: "half", flags: { truncated: false, invalidUtf8: false } },
    });
    expect(ring.nextOrdinal).toBe(3);
  });

  it("shows the beginning of a long line and says that the rest is missing", () => {
    const { output, events } = open();
    output.stderr(Buffer.from(`${"x".repeat(20_000)}\n`));
    output.strayLine(Buffer.from("y".repeat(20_000)), { truncated: false });
    output.strayLine(Buffer.from("z"), { truncated: true });
    output.logMessage({ ...plainMessage, level: "info", text: "l".repeat(20_000) });
    expect(events()).toEqual([
      { kind: "line", source: "stderr", text: "x".repeat(4096), flags: { truncated: true, invalidUtf8: false } },
      { kind: "line", source: "stdout", text: "y".repeat(4096), flags: { truncated: true, invalidUtf8: false } },
      { kind: "line", source: "stdout", text: "z", flags: { truncated: true, invalidUtf8: false } },
      { kind: "line", source: "mcp", text: "l".repeat(16_384), flags: { level: "info", truncated: true } },
    ]);
  });

  it("replaces bytes that are not UTF-8, and says so", () => {
    const { output, events } = open();
    output.stderr(Buffer.from([0x61, 0xff, 0x0a]));
    expect(events()).toMatchObject([{ text: "a\ufffd", flags: { invalidUtf8: true } }]);
  });

  it("does not call a character torn by the cut invalid UTF-8", () => {
    const { output, events } = open();
    output.stderr(Buffer.from(`x${"é".repeat(10_000)}\n`));
    output.strayLine(Buffer.from(`x${"é".repeat(10_000)}`), { truncated: false });
    for (const event of events()) {
      expect(event).toMatchObject({ flags: { truncated: true, invalidUtf8: false } });
      expect(event.kind === "line" && event.text).not.toContain("\ufffd");
    }
  });

  it("keeps no more of a log message's level than its beginning, and nothing of the line that either came in", () => {
    const { output, ring, events } = open();
    const before = heapUsed();
    for (let count = 0; count < 600; count += 1) {
      const line = `${count}`.padEnd(1024 * 1024, "é");
      output.logMessage({ ...plainMessage, level: line.slice(10), text: line.slice(0, 100) });
    }
    expect(ring.nextOrdinal).toBe(600);
    expect(events()[0]).toMatchObject({ flags: { level: "é".repeat(32) } });
    expect(heapUsed() - before).toBeLessThan(100 * 1024 * 1024);
  });

  it("keeps an MCP log message that is long well-formed", () => {
    const { output, events } = open();
    output.logMessage({ ...plainMessage, level: "info", text: `x${"🙂".repeat(10_000)}` });
    const [event] = events();
    expect(event?.kind === "line" && event.text.isWellFormed()).toBe(true);
  });
});
