import { describe, expect, it } from "vitest";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";
import { readHistory } from "../../../src/fleet/logs/read-history.ts";
import type { HistoryLine, Runtime } from "../../../src/runtime/runtime.ts";

/** Only the engine's log is made up here; a real one is read in test/e2e/lifecycle/adoption.engine.test.ts. */
function runtimeWith(lines: [HistoryLine["stream"], string, boolean?][]): Runtime {
  return {
    async *history() {
      for (const [index, [stream, text, truncated = false]] of lines.entries()) {
        yield { stream, timeMs: 1000 + index, line: Buffer.from(text), truncated };
      }
    },
  } as Partial<Runtime> as Runtime;
}

function entriesOf(ring: LogRing) {
  const entries = [];
  for (let ordinal = ring.firstOrdinal; ordinal < ring.nextOrdinal; ordinal += 1) entries.push(ring.at(ordinal));
  return entries;
}

const textsOf = (ring: LogRing) =>
  entriesOf(ring).map((entry) => (entry?.event.kind === "line" ? `${entry.event.source}: ${entry.event.text}` : "?"));

const options = { id: "id", instance: "i", untilMs: 5000 };

describe("readHistory", () => {
  it("puts what was written before in front of what came since, without protocol traffic", async () => {
    const ring = new LogRing({ maxBytes: 10_000, now: () => 6000 });
    ring.append("i", { kind: "line", source: "stderr", text: "since", flags: {} });
    const runtime = runtimeWith([
      ["stdout", "\ufeffbanner\r"],
      ["stdout", '{"jsonrpc":"2.0","id":1,"result":{}}'],
      ["stderr", "warned"],
      ["stdout", '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"noted"}}'],
      ["stdout", '{"level":"info"}'],
      ["stdout", '{"jsonrpc":"2.0","id":2,"result":"xxxx', true],
    ]);
    await readHistory(ring, { ...options, runtime });
    expect(textsOf(ring)).toEqual([
      "stdout: banner",
      "stderr: warned",
      "mcp: noted",
      'stdout: {"level":"info"}',
      "stderr: since",
    ]);
    expect(entriesOf(ring).map((entry) => entry?.timeMs)).toEqual([1000, 1002, 1003, 1004, 6000]);
    expect(entriesOf(ring).map((entry) => entry?.ordinal)).toEqual([-4, -3, -2, -1, 0]);
    expect(ring.counters.strayLines).toBe(0);
  });

  it("keeps as much of the newest as there is room for", async () => {
    const ring = new LogRing({ maxBytes: 2000, now: () => 6000 });
    ring.append("i", { kind: "line", source: "stderr", text: "since", flags: {} });
    const lines = Array.from({ length: 100 }, (_, index): [HistoryLine["stream"], string] => [
      "stderr",
      `line ${index}`,
    ]);
    await readHistory(ring, { ...options, runtime: runtimeWith(lines) });
    const texts = textsOf(ring);
    expect(texts.at(-1)).toBe("stderr: since");
    expect(texts.at(-2)).toBe("stderr: line 99");
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.length).toBeLessThan(15);
  });
});
