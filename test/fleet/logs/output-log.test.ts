import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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

describe("A line without its end", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** As a run has it: what is on stdout is somebody else's to split. */
  function openBoth() {
    const ring = new LogRing({ maxBytes: 1_000_000, now: () => 0 });
    let unfinished = Buffer.alloc(0);
    const output = new OutputLog(ring, "i-1", { unfinishedStdout: () => unfinished });
    const stdout = (text: string) => {
      unfinished = Buffer.concat([unfinished, Buffer.from(text)]);
      const lines = unfinished.toString("latin1").split("\n");
      unfinished = Buffer.from(lines.pop() ?? "", "latin1");
      for (const line of lines) {
        if (!line.includes("{")) output.strayLine(Buffer.from(line, "latin1"), { truncated: false });
      }
      output.stdoutReceived();
    };
    const shown = () =>
      Array.from({ length: ring.nextOrdinal }, (_, ordinal) => ring.at(ordinal)?.event as LogEvent).map((event) => {
        if (event.kind !== "line") throw new Error("expected a line");
        return `${event.source}: ${event.text}${event.flags.partial ? "" : "$"}`;
      });
    return { output, ring, stdout, shown };
  }

  it("is shown when nothing more of it comes for a while, and the rest of it later", () => {
    const { output, shown } = openBoth();
    output.stderr(Buffer.from("one\nEnter API token: "));
    expect(shown()).toEqual(["stderr: one$"]);
    vi.advanceTimersByTime(500);
    expect(shown()).toEqual(["stderr: one$", "stderr: Enter API token: "]);
    vi.advanceTimersByTime(60_000);
    output.stderr(Buffer.from("none given\nbye"));
    output.end();
    expect(shown().slice(2)).toEqual(["stderr: none given$", "stderr: bye$"]);
  });

  it("is not shown while more of it comes", () => {
    const { output, shown } = openBoth();
    for (let part = 0; part < 10; part += 1) {
      output.stderr(Buffer.from("."));
      vi.advanceTimersByTime(400);
    }
    expect(shown()).toEqual([]);
    output.stderr(Buffer.from("\n"));
    vi.advanceTimersByTime(60_000);
    expect(shown()).toEqual(["stderr: ..........$"]);
  });

  it("is ended by the end of the output", () => {
    const { output, shown } = openBoth();
    output.stderr(Buffer.from("half"));
    vi.advanceTimersByTime(500);
    output.end();
    expect(shown()).toEqual(["stderr: half", "stderr: $"]);
  });

  it("is shown on stdout, too, and counts as one stray line", () => {
    const { ring, stdout, shown } = openBoth();
    stdout("Your name: ");
    vi.advanceTimersByTime(500);
    expect(ring.counters.strayLines).toBe(0);
    stdout("\nnext\n");
    expect(shown()).toEqual(["stdout: Your name: ", "stdout: $", "stdout: next$"]);
    expect(ring.counters.strayLines).toBe(2);
  });

  it("is not shown when it may become a message", () => {
    const { stdout, shown } = openBoth();
    stdout('{"jsonrpc":');
    vi.advanceTimersByTime(60_000);
    expect(shown()).toEqual([]);
  });

  it("that became a message after a part of it was shown leaves no mark on the next", () => {
    const { stdout, shown } = openBoth();
    stdout("text ");
    vi.advanceTimersByTime(500);
    stdout('{"jsonrpc":"2.0"}\nother\n');
    expect(shown()).toEqual(["stdout: text ", "stdout: $", "stdout: other$"]);
  });

  it("is cut where a character ends", () => {
    const { output, ring, shown } = openBoth();
    const [first, last] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
    output.stderr(Buffer.concat([Buffer.from("caf"), first]));
    vi.advanceTimersByTime(500);
    output.stderr(Buffer.concat([last, Buffer.from("\n")]));
    expect(shown()).toEqual(["stderr: caf", "stderr: é$"]);
    expect(ring.at(1)?.event).toMatchObject({ flags: { invalidUtf8: false } });
  });

  it("longer than the log keeps is shown once, as far as it is kept", () => {
    const { output, shown } = openBoth();
    for (let part = 0; part < 40; part += 1) {
      output.stderr(Buffer.from("x".repeat(1000)));
      vi.advanceTimersByTime(500);
    }
    output.stderr(Buffer.from("\nnext\n"));
    const parts = shown();
    expect(parts.filter((part) => part.endsWith("$"))).toEqual(["stderr: $", "stderr: next$"]);
    expect(parts.join("").replaceAll(/stderr: |next|\$/g, "")).toBe("x".repeat(16_000));
  });

  it("stands in the excerpt at once, whatever it may become, and in the log then", () => {
    const { output, stdout, shown } = openBoth();
    output.stderr(Buffer.from("one\nEnter API token: "));
    stdout('noise\n{"jsonrpc":"2.0"');
    expect(output.excerpt()).toEqual({
      stderrTail: "one\nEnter API token: ",
      stdoutTail: 'noise\n{"jsonrpc":"2.0"',
    });
    expect(shown()).toContain("stderr: Enter API token: ");
  });
});
