import { describe, expect, it, vi } from "vitest";
import { mapMessages } from "../../../src/rpc/call/map-messages.ts";

/** A stream of these messages that ends by the error, if there is one, and tells when it was closed. */
function streamOf({ messages, error }: { messages: readonly number[]; error?: Error }) {
  const closed = vi.fn();
  const stream = (async function* () {
    try {
      yield* messages;
      if (error !== undefined) throw error;
    } finally {
      closed();
    }
  })();
  return { stream, closed };
}

const asTheyAre = { message: (message: number) => message, error: (error: unknown) => error };

describe("mapMessages", () => {
  it("maps each message, then ends", async () => {
    const { stream } = streamOf({ messages: [1, 2] });
    const mapped = mapMessages(stream, { ...asTheyAre, message: (message) => message * 10 });
    expect(await Array.fromAsync(mapped)).toEqual([10, 20]);
  });

  it("maps the error that ends the stream", async () => {
    const { stream } = streamOf({ messages: [1], error: new Error("a") });
    const mapped = mapMessages(stream, { ...asTheyAre, error: (error) => new Error(`${(error as Error).message}!`) });
    expect(await mapped.next()).toEqual({ done: false, value: 1 });
    await expect(mapped.next()).rejects.toThrow("a!");
  });

  it("ends by what its end throws", async () => {
    const { stream } = streamOf({ messages: [1] });
    const end = () => {
      throw new Error("too early");
    };
    const mapped = mapMessages(stream, { ...asTheyAre, end });
    expect(await mapped.next()).toEqual({ done: false, value: 1 });
    await expect(mapped.next()).rejects.toThrow("too early");
  });

  it("closes the stream when a message can't be mapped", async () => {
    const { stream, closed } = streamOf({ messages: [1, 2] });
    const message = () => {
      throw new Error("no message");
    };
    await expect(mapMessages(stream, { ...asTheyAre, message }).next()).rejects.toThrow("no message");
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  });

  it("closes the stream when its reader stops", async () => {
    const { stream, closed } = streamOf({ messages: [1, 2] });
    for await (const one of mapMessages(stream, asTheyAre)) if (one === 1) break;
    expect(closed).toHaveBeenCalledOnce();
  });
});
