import { describe, expect, it } from "vitest";
import { wholeMessages } from "../../../src/rpc/call/whole-messages.ts";
import { envelope } from "../fast-path/grpc-bytes.ts";

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What is handed on, and what was checked. */
async function read(body: Buffer, { enveloped, size }: { readonly enveloped: boolean; readonly size: number }) {
  const checked: string[] = [];
  const reading = { enveloped, maxBytes: 20, check: (message: Buffer) => checked.push(message.toString()) };
  const handedOn = await Array.fromAsync(wholeMessages(inPieces(body, size), reading));
  return { handedOn: handedOn.map(String), checked };
}

describe("wholeMessages", () => {
  const sizes = [1, 2, 7, 1000];
  const messages = ["one", "", "and a third"].map((text) => envelope(Buffer.from(text)));

  it.each(sizes)("hands on each envelope of a body in pieces of %d bytes in one, when it is checked", async (size) => {
    const { handedOn, checked } = await read(Buffer.concat(messages), { enveloped: true, size });
    expect(handedOn).toEqual(messages.map(String));
    expect(checked).toEqual(["one", "", "and a third"]);
  });

  it.each(sizes)("hands on a body without envelopes in pieces of %d bytes in one", async (size) => {
    const { handedOn, checked } = await read(Buffer.from("the whole body"), { enveloped: false, size });
    expect({ handedOn, checked }).toEqual({ handedOn: ["the whole body"], checked: ["the whole body"] });
  });

  it.each(sizes)("leaves what is too long to the RPC library, in pieces of %d bytes", async (size) => {
    for (const enveloped of [true, false]) {
      const text = Buffer.from("more than twenty bytes of it");
      const body = enveloped ? envelope(text) : text;
      const { handedOn, checked } = await read(body, { enveloped, size });
      expect({ all: handedOn.join(""), checked }).toEqual({ all: String(body), checked: [] });
    }
  });

  it.each(sizes)("hands on what is cut off, in pieces of %d bytes", async (size) => {
    const { handedOn, checked } = await read(envelope(Buffer.from("cut off")).subarray(0, 9), {
      enveloped: true,
      size,
    });
    expect({ bytes: handedOn.join("").length, checked }).toEqual({ bytes: 9, checked: [] });
  });

  it("does not hand on a message that is refused", async () => {
    const refuse = () => {
      throw new Error("too many");
    };
    for (const enveloped of [true, false]) {
      const reading = { enveloped, maxBytes: 20, check: refuse };
      const all: Buffer[] = [];
      const whole = async () => {
        for await (const piece of wholeMessages(inPieces(messages[0] ?? Buffer.alloc(0), 2), reading)) all.push(piece);
      };
      await expect(whole()).rejects.toThrow("too many");
      expect(all).toEqual([]);
    }
  });
});
