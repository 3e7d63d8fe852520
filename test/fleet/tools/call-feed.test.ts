import { describe, expect, it } from "vitest";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";
import { CallFeed } from "../../../src/fleet/tools/call-feed.ts";

/** What one entry of one character takes in the ring, and a bit. */
const entryBytes = 170;

function open(maxBytes = 1_000_000) {
  const ring = new LogRing({ maxBytes, now: () => 1 });
  const feed = new CallFeed(() => ring, { now: () => 2 });
  feed.begin("i");
  const append = (source: "mcp" | "stderr", text: string, instance = "i") =>
    ring.append(instance, { kind: "line", source, text, flags: {} });
  return {
    ring,
    feed,
    stderr: (text: string) => append("stderr", text),
    /** The server logs by MCP, as the session tells it. */
    log: (text: string, instance = "i") => {
      append("mcp", text, instance);
      if (instance === "i") feed.logged();
    },
    step: (progress: number, message = "") => feed.progress({ progress, message, extraJson: "", truncated: false }),
    rest: () => Array.from({ length: 2000 }, () => shown(feed)).filter((event) => event !== undefined),
  };
}

/** The next event in a word or two. */
function shown(feed: CallFeed): string | number | undefined {
  const event = feed.next();
  if (event === undefined) return undefined;
  if (event.kind === "gap") return `gap of ${event.lines}`;
  if (event.kind === "progress") return event.progress.progress;
  return event.entry.event.kind === "line" ? event.entry.event.text : "?";
}

describe("CallFeed", () => {
  it("gives steps and log lines in their order, and nothing else of the server's log", () => {
    const { feed, log, step, stderr, rest } = open();
    stderr("x");
    log("a");
    step(1);
    stderr("x");
    log("b");
    log("c");
    step(2);
    step(3);
    log("d");
    log("another's", "j");
    expect(rest()).toEqual(["a", 1, "b", "c", 2, 3, "d"]);
    log("e");
    step(4);
    expect([shown(feed), shown(feed), shown(feed)]).toEqual(["e", 4, undefined]);
  });

  it("gives nothing of what was logged before the call went to its instance", () => {
    const { feed, log, step, rest } = open();
    log("before");
    step(1);
    feed.begin("i");
    log("after");
    expect(rest()).toEqual(["after"]);
  });

  it("keeps the newest 64 of the steps that nobody reads", () => {
    const { step, rest } = open();
    for (let at = 1; at <= 100_000; at += 1) step(at);
    const steps = rest();
    expect(steps).toHaveLength(64);
    expect(steps.at(0)).toBe(100_000 - 63);
    expect(steps.at(-1)).toBe(100_000);
  });

  it("keeps fewer when they are long, but the newest always", () => {
    const { step, rest } = open();
    for (let at = 1; at <= 20; at += 1) step(at, "x".repeat(8000));
    expect(rest()).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    step(21, "x".repeat(100_000));
    expect(rest()).toEqual([21]);
  });

  it("says how much of the log is gone that nobody read", () => {
    const { log, step, rest } = open(10 * entryBytes);
    for (let at = 0; at < 30; at += 1) log(String(at));
    step(1);
    expect(rest()).toEqual(["gap of 20", ...Array.from({ length: 10 }, (_, at) => String(20 + at)), 1]);
  });

  it("keeps the newest 1000 lines of a flood, whatever the log still has", () => {
    const { log, step, rest } = open();
    for (let at = 0; at < 3000; at += 1) log(String(at));
    step(1);
    expect(rest()).toEqual(["gap of 2000", ...Array.from({ length: 1000 }, (_, at) => String(2000 + at)), 1]);
  });

  it("misses nothing when what is gone was no log line of MCP", () => {
    const { log, step, stderr, rest } = open(10 * entryBytes);
    for (let at = 0; at < 30; at += 1) stderr("x");
    step(1);
    expect(rest()).toEqual([1]);
    for (let at = 0; at < 30; at += 1) stderr("x");
    log("a");
    expect(rest()).toEqual(["a"]);
  });

  it("wakes who waits at a step, at a log line, and at the end", async () => {
    const { feed, log, step } = open();
    for (const happen of [() => step(1), () => log("a"), () => feed.end()]) {
      const changed = feed.changes.wait();
      happen();
      await changed;
    }
  });
});
