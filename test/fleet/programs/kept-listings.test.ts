import { describe, expect, it } from "vitest";
import { KeptListings } from "../../../src/fleet/programs/kept-listings.ts";
import { resources } from "../../../src/mcp/features/resources/resource.ts";
import { tools } from "../../../src/mcp/features/tools/tool.ts";

const program = { imageId: "sha256:a", spec: { args: ["x"] } };

function inMemory() {
  const texts = new Map<string, string>();
  const cache = {
    get: (subject: string) => Promise.resolve(texts.get(subject)),
    put: (subject: string, text: string) => void texts.set(subject, text),
  };
  return { texts, listings: new KeptListings({ cache, now: () => 7 }) };
}

describe("A listing that was read whole", () => {
  it("is kept as the server wrote it, and read as if it had just come", async () => {
    const { texts, listings } = inMemory();
    const exact = '{"name":"t","inputSchema":{"maximum":9007199254740993},"x":[1e400]}';
    listings.keep(program, { member: "tools", entries: [exact, '{"title":"nameless"}'] });
    expect([...texts.values()]).toEqual([`{"version":1,"readAtMs":7,"tools":[${exact},{"title":"nameless"}]}`]);
    const kept = await listings.of(program, tools);
    expect(kept).toMatchObject({
      readAtMs: 7,
      entries: [{ name: "t", inputSchemaJson: '{"maximum":9007199254740993}' }],
    });
    expect(await listings.of(program, resources)).toBeUndefined();
    expect(await listings.of({ ...program, imageId: "sha256:b" }, tools)).toBeUndefined();
  });

  it.each([
    "",
    "{",
    "[]",
    '{"version":2,"readAtMs":7,"tools":[]}',
    '{"version":1,"readAtMs":7,"tools":{}}',
    '{"version":1,"readAtMs":7,"tools":[1,',
  ])("is none when it can't be read: %j", async (text) => {
    const { texts, listings } = inMemory();
    listings.keep(program, { member: "tools", entries: [] });
    for (const subject of texts.keys()) texts.set(subject, text);
    expect(await listings.of(program, tools)).toBeUndefined();
  });

  it("is written once an hour while it stays as it is, and at once when it changes", () => {
    let nowMs = 0;
    const written: string[] = [];
    const cache = {
      get: () => Promise.resolve(undefined),
      put: (_subject: string, text: string) => void written.push(text),
    };
    const listings = new KeptListings({ cache, now: () => nowMs });
    const keep = (...entries: string[]) => listings.keep(program, { member: "tools", entries });
    for (nowMs of [0, 1000, 3_599_999]) keep('{"name":"a"}');
    expect(written).toHaveLength(1);
    keep('{"name":"a"}', '{"name":"b"}');
    expect(written).toHaveLength(2);
    nowMs += 3_600_000;
    keep('{"name":"a"}', '{"name":"b"}');
    expect(written).toHaveLength(3);
  });

  it("of a program without an image is not kept", () => {
    const { texts, listings } = inMemory();
    listings.keep({ ...program, imageId: "" }, { member: "tools", entries: [] });
    expect(texts.size).toBe(0);
  });
});
