import { describe, expect, it } from "vitest";
import { GetRequestSchema as input } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { keptJsonBody } from "../../../src/rpc/json/request-body.ts";

async function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (bytes: Buffer, options: { size: number; streams?: boolean }) =>
  Buffer.concat(
    await Array.fromAsync(
      keptJsonBody(inChunks(bytes, options.size), { streams: options.streams ?? false, input }).body,
    ),
  );

describe("keptJsonBody", () => {
  const text = Buffer.from('{"name":"grüße 🌍"}');

  it.each([1, 2, 3, 1000])("hands on UTF-8 in chunks of %d bytes as it is", async (size) => {
    expect(await read(text, { size })).toEqual(text);
    const enveloped = Buffer.concat([Buffer.from([0, 0, 0, 0, 0xfe]), text]);
    expect(await read(enveloped, { size, streams: true })).toEqual(enveloped);
  });

  it.each([1, 2, 1000])("refuses what is not UTF-8 in chunks of %d bytes, and a torn end", async (size) => {
    const refused = { message: expect.stringContaining("is not UTF-8") };
    await expect(read(Buffer.from('{"name":"caf\xe9"}', "latin1"), { size })).rejects.toMatchObject(refused);
    await expect(read(Buffer.from("grü").subarray(0, 3), { size })).rejects.toMatchObject(refused);
  });

  it("asks for no more of a body than its reader does", async () => {
    let asked = 0;
    const endless = async function* () {
      for (;;) {
        asked += 1;
        yield Buffer.from("x");
      }
    };
    for await (const _chunk of keptJsonBody(endless(), { streams: false, input }).body) if (asked === 3) break;
    expect(asked).toBe(3);
  });
});
