import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../src/jsonrpc/line-splitter.ts";
import { oversizedReply } from "../../src/jsonrpc/oversized.ts";

const filler = "x".repeat(20_000);

/** Whose reply this line is once it was too long to keep. */
function ownerOf(text: string): number | "unknown" | undefined | "not oversized" {
  let owner: ReturnType<typeof oversizedReply> | "not oversized" = "not oversized";
  const splitter = new LineSplitter({
    maxLineBytes: 10_000,
    onLine: () => {},
    onOversized: (line) => {
      owner = oversizedReply(line);
    },
  });
  splitter.push(Buffer.from(`${text}\n`));
  return owner;
}

describe("oversizedReply", () => {
  it.each([
    ["id before the result", `{"jsonrpc":"2.0","id":12,"result":{"a":"${filler}"}}`],
    ["id first of all", `{"id":12,"jsonrpc":"2.0","result":{"a":"${filler}"}}`],
    ["id without version", `{"id":12,"result":{"a":"${filler}"},"jsonrpc":"2.0"}`],
    ["spaces everywhere", ` { "jsonrpc" : "2.0" , "id" : 12 , "result" : {"a":"${filler}"} }\r`],
    ["a BOM", `\ufeff{"jsonrpc":"2.0","id":12,"result":{"a":"${filler}"}}`],
    ["an error", `{"jsonrpc":"2.0","id":12,"error":{"code":1,"message":"${filler}"}}`],
    ["id after the result", `{"jsonrpc":"2.0","result":{"a":"${filler}"},"id":12}`],
    ["id and version after the result", `{"result":{"a":"${filler}"}, "id": 12, "jsonrpc": "2.0" } `],
    ["version and id after the result", `{"result":{"a":"${filler}"},"jsonrpc":"2.0","id":12}`],
    ["an id as text", `{"jsonrpc":"2.0","id":"12","result":{"a":"${filler}"}}`],
    ["an id as text after the result", `{"jsonrpc":"2.0","result":{"a":"${filler}"},"id":"12"}`],
    ["an id with a fraction", `{"jsonrpc":"2.0","id":12.0,"result":{"a":"${filler}"}}`],
    ["another id inside the result", `{"jsonrpc":"2.0","id":12,"result":{"a":"${filler}","id":5}}`],
  ])("finds the owner: %s", (_where, text) => {
    expect(ownerOf(text)).toBe(12);
  });

  it.each([
    ["an id only inside the result", `{"jsonrpc":"2.0","result":{"a":"${filler}","id":5}}`],
    ["an id only inside a string", `{"jsonrpc":"2.0","result":{"a":"${filler},\\"id\\":5}"}}`],
    ["an id of somebody's", `{"jsonrpc":"2.0","result":{"a":"${filler}"},"id":"a-12"}`],
  ])("does not know the owner of a reply with %s", (_where, text) => {
    expect(ownerOf(text)).toBe("unknown");
  });

  it.each([
    [
      "a request of the server",
      `{"jsonrpc":"2.0","id":12,"method":"sampling/createMessage","params":{"a":"${filler}"}}`,
    ],
    ["a request with its id last", `{"jsonrpc":"2.0","method":"ping","params":{"result":"${filler}"},"id":12}`],
    ["a notification", `{"jsonrpc":"2.0","method":"notifications/x","params":{"a":"${filler}"}}`],
    ["a log line", `${filler}{"jsonrpc":"2.0","id":12,"result":{}}`],
    ["a JSON log line with an id", `{"id":12,"msg":"${filler}"}`],
  ])("takes %s for nobody's reply", (_what, text) => {
    expect(ownerOf(text)).toBeUndefined();
  });
});
