import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox } from "../../src/jsonrpc/outbox.ts";
import { heapUsed } from "../heap.ts";

/** An outbox whose reader stops reading when told to. */
function openOutbox(maxQueuedChars = 1000) {
  const chunks: string[] = [];
  const overdue: number[] = [];
  const reader = { reads: true };
  const outbox = new Outbox({
    write: (chunk) => {
      chunks.push(chunk.toString());
      return reader.reads;
    },
    limits: { maxLineBytes: 1000, maxQueuedChars },
    maxQueuedMs: 30_000,
    onOverdue: (id) => overdue.push(id),
    now: () => performance.now(),
  });
  return { outbox, chunks, reader, overdue };
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Outbox", () => {
  it("writes the lines of one tick in one chunk, in their order", async () => {
    const { outbox, chunks } = openOutbox();
    outbox.push("a");
    outbox.push("b");
    expect(chunks).toEqual([]);
    await nextTurn();
    outbox.push("c");
    await nextTurn();
    expect(chunks).toEqual(["a\nb\n", "c\n"]);
  });

  it("marks a line written once it has left", async () => {
    const { outbox } = openOutbox();
    const line = outbox.push("a");
    expect(line).toMatchObject({ state: "queued", text: "a\n" });
    await nextTurn();
    expect(line).toMatchObject({ state: "written", text: "" });
  });

  it("writes nothing while the reader does not read, and all that waits at its drain", async () => {
    const { outbox, chunks, reader } = openOutbox();
    reader.reads = false;
    outbox.push("a");
    await nextTurn();
    const waiting = outbox.push("b");
    outbox.push("c");
    await nextTurn();
    expect(chunks).toEqual(["a\n"]);
    expect(waiting?.state).toBe("queued");
    reader.reads = true;
    outbox.drain();
    expect(chunks).toEqual(["a\n", "b\nc\n"]);
    outbox.drain();
    outbox.push("d");
    await nextTurn();
    expect(chunks).toEqual(["a\n", "b\nc\n", "d\n"]);
  });

  it("stays blocked when a drain's chunk fills the reader again", async () => {
    const { outbox, chunks, reader } = openOutbox();
    reader.reads = false;
    outbox.push("a");
    await nextTurn();
    outbox.push("b");
    outbox.drain();
    outbox.push("c");
    await nextTurn();
    expect(chunks).toEqual(["a\n", "b\n"]);
  });

  it("refuses lines above its bound, but takes a single long one", async () => {
    const { outbox, chunks } = openOutbox(10);
    expect(outbox.push("x".repeat(20))?.state).toBe("queued");
    expect(outbox.push("y")).toBeUndefined();
    await nextTurn();
    expect(outbox.push("1234567890")?.state).toBe("queued");
    expect(outbox.push("1")).toBeUndefined();
    await nextTurn();
    expect(chunks).toEqual([`${"x".repeat(20)}\n`, "1234567890\n"]);
  });

  it("does not write a dropped line", async () => {
    const { outbox, chunks } = openOutbox();
    const dropped = outbox.push("a");
    outbox.push("b");
    if (dropped !== undefined) outbox.drop(dropped);
    await nextTurn();
    expect(dropped?.state).toBe("dropped");
    expect(chunks).toEqual(["b\n"]);
  });

  it("writes no empty chunk when all lines were dropped, and goes on after that", async () => {
    const { outbox, chunks } = openOutbox();
    const dropped = outbox.push("a");
    if (dropped !== undefined) outbox.drop(dropped);
    await nextTurn();
    outbox.push("b");
    await nextTurn();
    expect(chunks).toEqual(["b\n"]);
  });

  it("keeps nothing of what was dropped while the other side does not read", async () => {
    const { outbox, reader } = openOutbox(100_000);
    reader.reads = false;
    outbox.push("blocks");
    await nextTurn();
    const before = heapUsed();
    let waits = outbox.push("first");
    for (let count = 0; count < 10_000; count += 1) {
      const next = outbox.push(`${count}`.padEnd(10_000, "x"));
      if (waits !== undefined) outbox.drop(waits);
      waits = next;
    }
    expect(heapUsed() - before).toBeLessThan(10_000_000);
  });

  it("keeps a written line written when it is dropped too late", async () => {
    const { outbox } = openOutbox();
    const line = outbox.push("a");
    await nextTurn();
    if (line !== undefined) outbox.drop(line);
    expect(line?.state).toBe("written");
  });

  it("writes nothing once closed: what comes then stays queued for ever", async () => {
    const { outbox, chunks } = openOutbox();
    outbox.push("a");
    outbox.close();
    expect(outbox.push("b")?.state).toBe("queued");
    await nextTurn();
    outbox.drain();
    expect(chunks).toEqual([]);
  });
});

describe("Outbox, when much waits", () => {
  it("hands on one chunk at a time, and no more than the reader takes", async () => {
    const { outbox, chunks, reader } = openOutbox(1e9);
    reader.reads = false;
    const lines = Array.from({ length: 10 }, () => outbox.push("x".repeat(20_000)));
    await nextTurn();
    expect(chunks).toHaveLength(1);
    expect(lines.map((line) => line?.state)).toEqual([...Array(4).fill("written"), ...Array(6).fill("queued")]);
    reader.reads = true;
    outbox.drain();
    expect(chunks.map((chunk) => chunk.length)).toEqual([80_004, 80_004, 40_002]);
    expect(lines.every((line) => line?.state === "written")).toBe(true);
  });

  it("writes in order what is pushed from within a write", async () => {
    const chunks: string[] = [];
    const outbox: Outbox = new Outbox({
      write: (chunk) => {
        if (chunks.push(chunk.toString()) === 1) outbox.push("b");
        return true;
      },
      limits: { maxLineBytes: 1000, maxQueuedChars: 1000 },
      maxQueuedMs: 1000,
      onOverdue() {},
      now: () => 0,
    });
    outbox.push("a");
    await nextTurn();
    outbox.push("c");
    await nextTurn();
    expect(chunks).toEqual(["a\n", "b\n", "c\n"]);
  });

  it("stays closed when it is closed from within a write", async () => {
    const chunks: string[] = [];
    const outbox: Outbox = new Outbox({
      write: (chunk) => {
        chunks.push(chunk.toString());
        outbox.close();
        return true;
      },
      limits: { maxLineBytes: 1000, maxQueuedChars: 1e9 },
      maxQueuedMs: 1000,
      onOverdue() {},
      now: () => 0,
    });
    outbox.push("x".repeat(70_000));
    outbox.push("b");
    await nextTurn();
    outbox.push("c");
    await nextTurn();
    expect(chunks).toHaveLength(1);
  });

  it("queues a line in spite of its bound when told so", async () => {
    const { outbox, chunks, reader } = openOutbox(1);
    reader.reads = false;
    outbox.push("a");
    await nextTurn();
    outbox.push("b");
    expect(outbox.push("c")).toBeUndefined();
    outbox.pushAnyway("d");
    outbox.drain();
    expect(chunks).toEqual(["a\n", "b\nd\n"]);
  });
});

describe("Outbox, when the reader does not read for long", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  async function blocked() {
    const opened = openOutbox();
    opened.reader.reads = false;
    opened.outbox.push("written", 1);
    await nextTurn();
    return opened;
  }

  it("gives up each request that waited for so long, by one timer, and none that was written", async () => {
    const { outbox, chunks, overdue } = await blocked();
    expect(vi.getTimerCount()).toBe(0);
    const first = outbox.push("a", 2);
    vi.advanceTimersByTime(10_000);
    outbox.push("b", 3);
    outbox.push("c", 4);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(19_999);
    expect(overdue).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(overdue).toEqual([2]);
    expect(first?.state).toBe("dropped");
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(overdue).toEqual([2, 3, 4]);
    expect(vi.getTimerCount()).toBe(0);
    outbox.drain();
    expect(chunks).toEqual(["written\n"]);
  });

  it("keeps what is no request: the server learns of cancels when it reads again", async () => {
    const { outbox, chunks } = await blocked();
    outbox.push("request", 2);
    outbox.pushAnyway("cancelled");
    vi.advanceTimersByTime(100_000);
    outbox.drain();
    expect(chunks).toEqual(["written\n", "cancelled\n"]);
  });

  it("makes room for others with what it gives up", async () => {
    const { outbox } = await blocked();
    outbox.push("x".repeat(1000), 2);
    expect(outbox.push("y", 3)).toBeUndefined();
    vi.advanceTimersByTime(30_000);
    expect(outbox.push("y", 3)?.state).toBe("queued");
  });

  it.each(["drained", "closed"])("lets go of its timer once it is %s", async (how) => {
    const { outbox, reader, overdue } = await blocked();
    outbox.push("a", 2);
    expect(vi.getTimerCount()).toBe(1);
    reader.reads = true;
    if (how === "drained") outbox.drain();
    else outbox.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100_000);
    expect(overdue).toEqual([]);
  });
});
