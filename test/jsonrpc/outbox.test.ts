import { describe, expect, it } from "vitest";
import { Outbox } from "../../src/jsonrpc/outbox.ts";

/** An outbox whose reader stops reading when told to. */
function openOutbox(maxQueuedChars = 1000) {
  const chunks: string[] = [];
  const reader = { reads: true };
  const outbox = new Outbox({
    write: (chunk) => {
      chunks.push(chunk.toString());
      return reader.reads;
    },
    maxQueuedChars,
  });
  return { outbox, chunks, reader };
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe("Outbox", () => {
  it("writes the lines of one tick in one chunk, in their order", async () => {
    const { outbox, chunks } = openOutbox();
    outbox.push("a");
    outbox.push("b");
    expect(chunks).toEqual([]);
    await nextTick();
    outbox.push("c");
    await nextTick();
    expect(chunks).toEqual(["a\nb\n", "c\n"]);
  });

  it("marks a line written once it has left", async () => {
    const { outbox } = openOutbox();
    const line = outbox.push("a");
    expect(line).toMatchObject({ state: "queued", text: "a" });
    await nextTick();
    expect(line).toMatchObject({ state: "written", text: "" });
  });

  it("writes nothing while the reader does not read, and all that waits at its drain", async () => {
    const { outbox, chunks, reader } = openOutbox();
    reader.reads = false;
    outbox.push("a");
    await nextTick();
    const waiting = outbox.push("b");
    outbox.push("c");
    await nextTick();
    expect(chunks).toEqual(["a\n"]);
    expect(waiting?.state).toBe("queued");
    reader.reads = true;
    outbox.drain();
    expect(chunks).toEqual(["a\n", "b\nc\n"]);
    outbox.drain();
    outbox.push("d");
    await nextTick();
    expect(chunks).toEqual(["a\n", "b\nc\n", "d\n"]);
  });

  it("stays blocked when a drain's chunk fills the reader again", async () => {
    const { outbox, chunks, reader } = openOutbox();
    reader.reads = false;
    outbox.push("a");
    await nextTick();
    outbox.push("b");
    outbox.drain();
    outbox.push("c");
    await nextTick();
    expect(chunks).toEqual(["a\n", "b\n"]);
  });

  it("refuses lines above its bound, but takes a single long one", async () => {
    const { outbox, chunks } = openOutbox(10);
    expect(outbox.push("x".repeat(20))?.state).toBe("queued");
    expect(outbox.push("y")).toBeUndefined();
    await nextTick();
    expect(outbox.push("1234567890")?.state).toBe("queued");
    expect(outbox.push("1")).toBeUndefined();
    await nextTick();
    expect(chunks).toEqual([`${"x".repeat(20)}\n`, "1234567890\n"]);
  });

  it("does not write a dropped line", async () => {
    const { outbox, chunks } = openOutbox();
    const dropped = outbox.push("a");
    outbox.push("b");
    if (dropped !== undefined) outbox.drop(dropped);
    await nextTick();
    expect(dropped?.state).toBe("dropped");
    expect(chunks).toEqual(["b\n"]);
  });

  it("writes no empty chunk when all lines were dropped, and goes on after that", async () => {
    const { outbox, chunks } = openOutbox();
    const dropped = outbox.push("a");
    if (dropped !== undefined) outbox.drop(dropped);
    await nextTick();
    outbox.push("b");
    await nextTick();
    expect(chunks).toEqual(["b\n"]);
  });

  it("keeps a written line written when it is dropped too late", async () => {
    const { outbox } = openOutbox();
    const line = outbox.push("a");
    await nextTick();
    if (line !== undefined) outbox.drop(line);
    expect(line?.state).toBe("written");
  });

  it("writes nothing once closed: what comes then stays queued for ever", async () => {
    const { outbox, chunks } = openOutbox();
    outbox.push("a");
    outbox.close();
    expect(outbox.push("b")?.state).toBe("queued");
    await nextTick();
    outbox.drain();
    expect(chunks).toEqual([]);
  });
});
