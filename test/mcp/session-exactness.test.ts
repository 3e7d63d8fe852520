import { describe, expect, it } from "vitest";
import { checkedJsonObject } from "../../src/json/caller-json.ts";
import { legacyCodec } from "../../src/mcp/eras/legacy.ts";
import { Session } from "../../src/mcp/session.ts";

/** A session whose server is this test: it reads the lines and answers by hand. */
function openByHand() {
  const written: Buffer[] = [];
  const strays: string[] = [];
  const session = new Session({
    clientInfo: { name: "test", version: "0" },
    listener: {
      stderr() {},
      strayLine: (line) => strays.push(line.toString()),
      logMessage() {},
      unclaimedReply() {},
      remark() {},
      attachmentEnded() {},
    },
    firstId: 1,
    limits: { maxLineBytes: 1 << 20, maxQueuedChars: 1 << 20 },
  });
  session.bind({ write: (chunk) => written.push(Buffer.from(chunk)) > 0, close() {} });
  session.resume({ codec: legacyCodec, info: undefined, subscribed: new Set() });
  return {
    session,
    strays,
    written: () => Buffer.concat(written).toString(),
    reply: (id: number, result: string) =>
      session.sink.stdout(Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":${result}}\n`)),
  };
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Session", () => {
  it("writes a caller's arguments byte for byte, on one line even for those who take U+2028 for its end", async () => {
    const { session, written, reply } = openByHand();
    const text = '{\n\t"big": 9007199254740993,\r\n\t"e":1e400,"u":"\\u00e9é🙂\u2028","a":1,"a":2.0,"__proto__":{}}';
    const argumentsJson = checkedJsonObject(text, "arguments_json");
    const called = session.callTool({ tool: "t", argumentsJson }, {});
    await nextTurn();
    expect(written()).toBe(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":' +
        '{  "big": 9007199254740993,   "e":1e400,"u":"\\u00e9é🙂\\u2028","a":1,"a":2.0,"__proto__":{}}}}\n',
    );
    reply(1, "{}");
    await called;
  });

  it("writes a caller's _meta value for value", async () => {
    const { session, written, reply } = openByHand();
    const called = session.callTool({ tool: "t", metaJson: '{ "n" : 9007199254740993 , "\\ud800":1e400 }' }, {});
    await nextTurn();
    expect(written()).toContain('"params":{"name":"t","_meta":{"n":9007199254740993,"\\ud800":1e400}}}\n');
    reply(1, "{}");
    await called;
  });

  it("writes nothing that a caller's refused arguments hold", async () => {
    const { session, written } = openByHand();
    const argumentsJson = `{"a":"${"x".repeat(11_000_000)}"}`;
    await expect(session.callTool({ tool: "t", argumentsJson }, {})).rejects.toMatchObject({ kind: "invalid" });
    await nextTurn();
    expect(written()).toBe("");
  });

  it("gives back a result byte for byte", async () => {
    const { session, reply } = openByHand();
    const called = session.callTool({ tool: "t" }, {});
    await nextTurn();
    const json = '{"content" : [ ] ,"n":-0.0e+10,"s":"\\u0041\\/\u00a0\u200d🙂","a":1,"a":2}';
    reply(1, json);
    expect((await called).json).toBe(json);
  });

  it("ends half a line of another manager before it writes its own", async () => {
    const { session, written } = openByHand();
    session.endHalfLine();
    expect(written()).toBe("\n");
  });

  it("hands on what stands without a line break when the attachment ends", () => {
    const { session, strays } = openByHand();
    session.sink.stdout(Buffer.from("Segmentation fau"));
    session.sink.end();
    expect(strays).toEqual(["Segmentation fau"]);
  });
});
