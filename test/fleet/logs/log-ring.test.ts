import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../src/fleet/logs/log-entry.ts";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";

function line(text: string, source: "stderr" | "stdout" = "stderr"): LogEvent {
  return { kind: "line", source, text, flags: {} };
}

function openRing(maxBytes = 10_000) {
  const clock = { ms: 1000 };
  return { clock, ring: new LogRing({ maxBytes, now: () => clock.ms }) };
}

function texts(ring: LogRing): string[] {
  const all: string[] = [];
  for (let ordinal = ring.firstOrdinal; ordinal < ring.nextOrdinal; ordinal += 1) {
    const event = ring.at(ordinal)?.event;
    if (event?.kind === "line") all.push(event.text);
  }
  return all;
}

describe("LogRing", () => {
  it("keeps entries in their order, with time, instance and a number without holes", () => {
    const { ring, clock } = openRing();
    ring.append("i-1", line("a"));
    clock.ms = 2000;
    ring.append("i-2", { kind: "lifecycle", state: "ready", message: "up" });
    expect(ring.at(0)).toEqual({ ordinal: 0, timeMs: 1000, instance: "i-1", event: line("a") });
    expect(ring.at(1)).toMatchObject({ ordinal: 1, timeMs: 2000, instance: "i-2" });
    expect(ring.at(2)).toBeUndefined();
    expect([ring.firstOrdinal, ring.nextOrdinal]).toEqual([0, 2]);
  });

  it("holds the newest entries within its bound, whatever their lengths", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 300 });
    fc.assert(
      fc.property(lengths, (all) => {
        const { ring } = openRing(10_000);
        const written = all.map((length, index) => `${index}:`.padEnd(length, "x"));
        for (const text of written) ring.append("i", line(text));
        const kept = texts(ring);
        expect(kept).toEqual(written.slice(written.length - kept.length));
        const chars = kept.reduce((sum, text) => sum + text.length, 0);
        expect(2 * chars).toBeLessThanOrEqual(10_000);
        expect(ring.nextOrdinal).toBe(written.length);
        expect(ring.at(ring.firstOrdinal - 1)).toBeUndefined();
      }),
    );
  });

  it("keeps at least the newest entry, however long it is", () => {
    const { ring } = openRing(1000);
    ring.append("i", line("a"));
    ring.append("i", line("x".repeat(5000)));
    expect(texts(ring)).toEqual(["x".repeat(5000)]);
  });

  it("counts what an entry costs besides its text: empty lines don't fill the memory", () => {
    const { ring } = openRing(16_000);
    for (let count = 0; count < 10_000; count += 1) ring.append("i", line(""));
    expect(ring.nextOrdinal - ring.firstOrdinal).toBeLessThanOrEqual(100);
  });

  it("counts the level of a log message, too", () => {
    const { ring } = openRing(16_000);
    const event: LogEvent = { kind: "line", source: "mcp", text: "", flags: { level: "l".repeat(1000) } };
    for (let count = 0; count < 100; count += 1) ring.append("i", event);
    expect(ring.nextOrdinal - ring.firstOrdinal).toBeLessThanOrEqual(8);
  });

  it("lets go of what it dropped", async () => {
    const { ring } = openRing(100_000);
    const events = Array.from({ length: 500 }, (_, index) => new WeakRef(line(`${index}`.padEnd(10_000, "x"))));
    for (const event of events.splice(0)) {
      ring.append("i", event.deref() ?? line(""));
      events.push(event);
    }
    await new Promise((resolve) => setImmediate(resolve));
    setFlagsFromString("--expose-gc");
    runInNewContext("gc")();
    expect(events.filter((event) => event.deref() !== undefined).length).toBeLessThanOrEqual(
      2 * (ring.nextOrdinal - ring.firstOrdinal) + 1,
    );
  });

  it("wakes who waits at the next entry and at the close", async () => {
    const { ring } = openRing();
    const first = ring.changes.wait();
    ring.append("i", line("a"));
    await first;
    const second = ring.changes.wait();
    ring.close();
    await second;
    expect(ring.closed).toBe(true);
  });

  it("takes nothing once closed, and keeps what it has", () => {
    const { ring } = openRing();
    ring.append("i", line("a"));
    ring.close();
    ring.append("i", line("b"));
    expect(texts(ring)).toEqual(["a"]);
  });
});
