import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { LogEvent, LogSource } from "../../../src/fleet/logs/log-entry.ts";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";
import { type LogQuery, type LogReading, readLog } from "../../../src/fleet/logs/read-log.ts";

const hour = 3_600_000;

function open(maxBytes = 1_000_000) {
  const clock = { ms: 1000 };
  const ring = new LogRing({ maxBytes, now: () => clock.ms });
  const controller = new AbortController();
  const say = (...texts: string[]) => {
    for (const text of texts) ring.append("i", { kind: "line", source: "stderr", text, flags: {} });
  };
  const read = (query: Partial<LogQuery> = {}, heartbeatMs = hour) =>
    readLog(
      ring,
      { follow: false, sources: [], cursor: "", ...query },
      { signal: controller.signal, heartbeatMs, now: () => clock.ms, elapsedMs: () => clock.ms },
    );
  return { clock, ring, controller, say, read };
}

/** A reading in a few words. */
function shown(reading: LogReading | undefined): string {
  if (reading === undefined) return "end";
  if (reading.kind === "gap") return `gap of ${reading.lines}`;
  if (reading.kind === "heartbeat") return "heartbeat";
  const { event } = reading.entry;
  return event.kind === "line" ? event.text : `${event.state}: ${event.message}`;
}

async function all(readings: AsyncIterable<LogReading>): Promise<string[]> {
  const list: string[] = [];
  for await (const reading of readings) list.push(shown(reading));
  return list;
}

async function next(readings: AsyncGenerator<LogReading>): Promise<string> {
  const { value, done } = await readings.next();
  return shown(done ? undefined : value);
}

async function take(readings: AsyncGenerator<LogReading>, count: number): Promise<LogReading[]> {
  const list: LogReading[] = [];
  while (list.length < count) {
    const { value, done } = await readings.next();
    if (done) break;
    list.push(value);
  }
  return list;
}

describe("readLog", () => {
  it("gives what there is, in its order, and ends", async () => {
    const { read, say } = open();
    say("a", "b", "c");
    expect(await all(read())).toEqual(["a", "b", "c"]);
  });

  it("gives a heartbeat when there is nothing", async () => {
    const { read } = open();
    expect(await all(read())).toEqual(["heartbeat"]);
    const following = read({ follow: true });
    expect(await next(following)).toBe("heartbeat");
  });

  it("gives the time and the instance of entries", async () => {
    const { read, say, clock } = open();
    clock.ms = 5000;
    say("a");
    expect(await take(read(), 1)).toMatchObject([{ entry: { ordinal: 0, timeMs: 5000, instance: "i" } }]);
  });

  it.each<[LogSource[], string[]]>([
    [[], ["err", "out", "mcp", "ready: up"]],
    [["stderr"], ["err"]],
    [
      ["stdout", "mcp"],
      ["out", "mcp"],
    ],
    [["lifecycle"], ["ready: up"]],
  ])("gives only the sources %j", async (sources, expected) => {
    const { read, ring } = open();
    const events: LogEvent[] = [
      { kind: "line", source: "stderr", text: "err", flags: {} },
      { kind: "line", source: "stdout", text: "out", flags: {} },
      { kind: "line", source: "mcp", text: "mcp", flags: {} },
      { kind: "lifecycle", state: "ready", message: "up" },
    ];
    for (const event of events) ring.append("i", event);
    expect(await all(read({ sources }))).toEqual(expected);
  });

  it("gives only entries since a time", async () => {
    const { read, say, clock } = open();
    for (const ms of [1000, 2000, 3000]) {
      clock.ms = ms;
      say(`at ${ms}`);
    }
    expect(await all(read({ sinceMs: 2000 }))).toEqual(["at 2000", "at 3000"]);
    expect(await all(read({ sinceMs: 3001 }))).toEqual(["heartbeat"]);
  });

  it("counts the tail after all filters", async () => {
    const { read, say, ring, clock } = open();
    say("old");
    clock.ms = 2000;
    for (let index = 0; index < 10; index += 1) {
      say(`err ${index}`);
      ring.append("i", { kind: "line", source: "stdout", text: `out ${index}`, flags: {} });
    }
    expect(await all(read({ tail: 2, sources: ["stderr"] }))).toEqual(["err 8", "err 9"]);
    expect(await all(read({ tail: 100, sources: ["stderr"], sinceMs: 2000 }))).toHaveLength(10);
    expect(await all(read({ tail: 3 }))).toEqual(["out 8", "err 9", "out 9"]);
    expect(await all(read({ tail: 0 }))).toEqual(["heartbeat"]);
  });
});

describe("readLog, following", () => {
  it("gives new lines as they come", async () => {
    const { read, say } = open();
    say("a");
    const readings = read({ follow: true });
    expect(await next(readings)).toBe("a");
    const waiting = next(readings);
    say("b", "c");
    expect(await waiting).toBe("b");
    expect(await next(readings)).toBe("c");
  });

  it("gives only new lines with a tail of 0", async () => {
    const { read, say } = open();
    say("a");
    const readings = read({ follow: true, tail: 0 });
    expect(await next(readings)).toBe("heartbeat");
    const waiting = next(readings);
    say("b");
    expect(await waiting).toBe("b");
  });

  it("gives heartbeats while nothing happens", async () => {
    const { read, say } = open();
    say("a");
    const readings = read({ follow: true }, 1);
    expect((await take(readings, 4)).map(shown)).toEqual(["a", "heartbeat", "heartbeat", "heartbeat"]);
  });

  it("gives heartbeats while only lines come that the reader does not want", async () => {
    const { read, say, clock } = open();
    const readings = read({ follow: true, sources: ["lifecycle"] }, hour);
    expect(await next(readings)).toBe("heartbeat");
    const waiting = next(readings);
    for (let half = 0; half < 2; half += 1) {
      clock.ms += hour / 2;
      say("not this");
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await waiting).toBe("heartbeat");
  });

  it("gives a gap when the ring overtook a slow reader, and goes on behind it", async () => {
    const { read, say, ring } = open(2000);
    say("first");
    const readings = read({ follow: true });
    expect(await next(readings)).toBe("first");
    for (let index = 0; index < 100; index += 1) say(`line ${index}`);
    const lost = ring.firstOrdinal - 1;
    expect(await next(readings)).toBe(`gap of ${lost}`);
    expect(await next(readings)).toBe(`line ${lost}`);
  });

  it("ends when the ring closes, after what there is", async () => {
    const { read, say, ring } = open();
    say("a");
    const readings = all(read({ follow: true }));
    await new Promise((resolve) => setImmediate(resolve));
    say("b");
    ring.close();
    expect(await readings).toEqual(["a", "b"]);
    expect(await all(read({ follow: true }))).toEqual(["a", "b"]);
  });

  it("ends when its signal aborts, and leaves no listener on it", async () => {
    const { read, say, controller } = open();
    say("a");
    const readings = read({ follow: true });
    expect(await next(readings)).toBe("a");
    const waiting = next(readings);
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort();
    expect(await waiting).toBe("end");
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(await all(read({ follow: true }))).toEqual([]);
  });

  it("leaves no listener on its signal after many waits", async () => {
    const { read, controller } = open();
    await take(read({ follow: true }, 1), 20);
    expect(getEventListeners(controller.signal, "abort").length).toBeLessThanOrEqual(1);
  });
});

describe("readLog, going on after a cursor", () => {
  it("gives from any cursor on what came after it, without loss or repetition", async () => {
    const { read, say } = open();
    const texts = ["a", "b", "c", "d"];
    say(...texts);
    const readings = await take(read(), 4);
    for (const [index, { cursor }] of readings.entries()) {
      const rest = texts.slice(index + 1);
      expect(await all(read({ cursor }))).toEqual(rest.length === 0 ? ["heartbeat"] : rest);
    }
  });

  it("goes on after a heartbeat, of an empty log too", async () => {
    const { read, say } = open();
    const [first] = await take(read(), 1);
    say("a");
    expect(await all(read({ cursor: first?.cursor ?? "" }))).toEqual(["a"]);
    const [, second] = await take(read({ follow: true }, 1), 2);
    say("b");
    expect(await all(read({ cursor: second?.cursor ?? "" }))).toEqual(["b"]);
  });

  it("says first how many lines were dropped since", async () => {
    const { read, say, ring } = open(2000);
    say("a");
    const [first] = await take(read(), 1);
    for (let index = 0; index < 100; index += 1) say(`line ${index}`);
    const [gap, ...rest] = await all(read({ cursor: first?.cursor ?? "" }));
    expect(gap).toBe(`gap of ${ring.firstOrdinal - 1}`);
    expect(rest.at(-1)).toBe("line 99");
  });

  it("goes on after a gap without repeating it", async () => {
    const { read, say, ring } = open(2000);
    say("a");
    const [first] = await take(read(), 1);
    for (let index = 0; index < 100; index += 1) say(`line ${index}`);
    const [gap] = await take(read({ cursor: first?.cursor ?? "" }), 1);
    const [line] = await take(read({ cursor: gap?.cursor ?? "" }), 1);
    expect(line).toMatchObject({ kind: "entry", entry: { ordinal: ring.firstOrdinal } });
  });

  it("says first that lines may be missing when the cursor is of another manager's log", async () => {
    const { read, say } = open();
    say("a", "b");
    const cursor = Buffer.from("999.0.999").toString("base64url");
    expect(await all(read({ cursor }))).toEqual(["gap of 0", "a", "b"]);
  });

  it("takes a cursor beyond the end for the end", async () => {
    const { read, say } = open();
    say("a");
    const cursor = Buffer.from("1000.999999.1000").toString("base64url");
    expect(await all(read({ cursor }))).toEqual(["heartbeat"]);
  });

  it("refuses a cursor that is none", async () => {
    const { read } = open();
    await expect(all(read({ cursor: "?" }))).rejects.toMatchObject({ kind: "invalid" });
  });
});
