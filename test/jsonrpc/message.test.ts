import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mayBeMessage, parseLine } from "../../src/jsonrpc/message.ts";
import { anyText } from "../json/json-text.ts";

const ok = '{"jsonrpc":"2.0","id":1,"result":{}}';

describe("mayBeMessage", () => {
  it("says no only of what parseLine calls noise", () => {
    for (const line of ["y", "", "  ", "7", '"{}"', "\u00a0{}"]) expect(mayBeMessage(Buffer.from(line))).toBe(false);
    fc.assert(
      fc.property(anyText, (text) => {
        if (!mayBeMessage(Buffer.from(text))) expect(parseLine(text)).toEqual([{ kind: "noise" }]);
      }),
      { numRuns: 1000 },
    );
  });

  it("sees the first byte behind spaces", () => {
    expect(mayBeMessage(Buffer.from(` \t\r${ok}`))).toBe(true);
    expect(mayBeMessage(Buffer.from(` [${ok}]`))).toBe(true);
  });
});

describe("parseLine", () => {
  it("reads a result as it was written, wherever the id stands", () => {
    const result = { kind: "result", id: 7, result: '{"n": 9007199254740993}' };
    expect(parseLine('{"jsonrpc":"2.0","id":7,"result":{"n": 9007199254740993}}')).toEqual([result]);
    expect(parseLine(' {"result":{"n": 9007199254740993} , "id" : 7,"extra":[],"jsonrpc":"2.0"} ')).toEqual([result]);
  });

  it("lets the last of repeated members win", () => {
    expect(parseLine('{"jsonrpc":"2.0","id":1,"id":2,"result":1,"result":2}')).toEqual([
      { kind: "result", id: 2, result: "2" },
    ]);
  });

  it("reads an error with its code, message and data", () => {
    expect(
      parseLine('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no\\n","data":{"big":1e400}}}'),
    ).toEqual([{ kind: "error", id: 1, error: { code: -32601, message: "no\n", data: '{"big":1e400}' } }]);
  });

  it("reads an error that is no error object as one with its text", () => {
    expect(parseLine('{"jsonrpc":"2.0","id":1,"error":"boom"}')).toEqual([
      { kind: "error", id: 1, error: { code: 0, message: '"boom"' } },
    ]);
    expect(parseLine('{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}')).toEqual([
      { kind: "error", id: 1, error: { code: 0, message: "" } },
    ]);
  });

  it("takes error:null beside a result for no error", () => {
    expect(parseLine('{"jsonrpc":"2.0","id":1,"error":null,"result":{}}')).toEqual([
      { kind: "result", id: 1, result: "{}" },
    ]);
  });

  it("reads notifications and requests, and keeps the text of a request's id", () => {
    expect(parseLine('{"jsonrpc":"2.0","method":"notifications/x","params":{"a":1.0}}')).toEqual([
      { kind: "notification", method: "notifications/x", params: '{"a":1.0}' },
    ]);
    expect(parseLine('{"jsonrpc":"2.0","method":"x","id":null}')).toEqual([
      { kind: "notification", method: "x", params: "{}" },
    ]);
    expect(parseLine('{"jsonrpc":"2.0","method":"ping","id":"a\\u0062"}')).toEqual([
      { kind: "request", id: '"a\\u0062"', method: "ping", params: "{}" },
    ]);
  });

  it.each(['"7"', '"\\u0037"', "7.0", "7e0", "70E-1", "0.7e+1"])("takes the id %s for 7", (id) => {
    expect(parseLine(`{"jsonrpc":"2.0","id":${id},"result":{}}`)).toEqual([{ kind: "result", id: 7, result: "{}" }]);
  });

  it.each(["-32601", "-32601.0", "-3.2601e4"])("reads the error code %s", (code) => {
    expect(parseLine(`{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":""}}`)).toEqual([
      { kind: "error", id: 1, error: { code: -32601, message: "" } },
    ]);
  });

  it("reads a reply that does not say that it is JSON-RPC as a bare one", () => {
    expect(parseLine('{"id":"7","result":{}}')).toEqual([{ kind: "result", id: 7, result: "{}", bare: true }]);
    expect(parseLine('{"error":{"code":1},"id":7}')).toEqual([
      { kind: "error", id: 7, error: { code: 1, message: "" }, bare: true },
    ]);
  });

  it.each([
    ...['"x"', '"01"', '"1.0"', '" 1"', "1.5", "1.00000000000000000001", "[1]", "12345678901234567890"],
    ...["null", "0", "-1", '"0"', '"-1"', '""', "true"],
  ])("has no owner for a reply to the id %s", (id) => {
    expect(parseLine(`{"jsonrpc":"2.0","id":${id},"result":{}}`)).toEqual([
      { kind: "unowned", outcome: { result: "{}" } },
    ]);
  });

  it.each(["[1,\r2]", '{"a":1}', "true"])(
    "calls a request malformed whose id is %j, which is not to be sent back",
    (id) => {
      expect(parseLine(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)).toEqual([
        { kind: "malformed", problem: "the id of a request is neither a string nor a number" },
      ]);
    },
  );

  it("calls a reply with an id and no outcome malformed, and says whose it is", () => {
    expect(parseLine('{"jsonrpc":"2.0","id":3}')).toMatchObject([{ kind: "malformed", id: 3 }]);
    expect(parseLine('{"jsonrpc":"2.0","id":3,"error":null}')).toMatchObject([{ kind: "malformed", id: 3 }]);
  });

  it("calls a message that stops being JSON malformed, and says whose it is when it was a reply", () => {
    expect(parseLine('{"jsonrpc":"2.0","id":3,"result":{"a":NaN}}')).toMatchObject([{ kind: "malformed", id: 3 }]);
    expect(parseLine('{"jsonrpc":"2.0","id":3,"result":{}')).toMatchObject([{ kind: "malformed", id: 3 }]);
    expect(parseLine('{ "id":3, "result":{"a":NaN},"jsonrpc":"2.0"}')).toMatchObject([{ kind: "malformed", id: 3 }]);
    const request = parseLine('{"jsonrpc":"2.0","id":3,"method":"ping","params":{"a":NaN}}');
    expect(request).toMatchObject([{ kind: "malformed" }]);
    expect(request[0]).not.toHaveProperty("id");
  });

  it.each([
    "Welcome!",
    '{"level":"info","msg":"started"}',
    '{"level":"info", oops',
    '{"id":3,"value":NaN}',
    '{"id":3,"msg":"cut o',
    '"jsonrpc"',
    "7",
    "null",
    '{"id":3,"result":{},"level":"debug"}',
    '{"id":"x","result":{}}',
    '{"id":3}',
    '{"id":3,"result":{},"method":"x"}',
    "[]",
    "[1,2]",
    "[INFO] started",
    '["2026-11-03","started"]',
  ])("calls %j noise", (line) => {
    expect(parseLine(line)).toEqual([{ kind: "noise" }]);
  });

  it("reads each message of a batch", () => {
    const batch = `[${ok},{"jsonrpc":"2.0","method":"n"} , {"jsonrpc":"2.0","id":"x","method":"ping"}]`;
    const kinds = parseLine(batch).map(({ kind }) => kind);
    expect(kinds).toEqual(["result", "notification", "request"]);
    expect(parseLine(`  ${batch}\t`).map(({ kind }) => kind)).toEqual(kinds);
  });

  it("reads the messages of a batch, and calls all else in it noise", () => {
    const result = { kind: "result", id: 1, result: "{}" };
    expect(parseLine(`[7,${ok},{"level":"info"},${ok}]`)).toEqual([result, result, { kind: "noise" }]);
    expect(parseLine(`[${ok},{"x":1}`)).toEqual([{ kind: "result", id: 1, result: "{}" }, { kind: "noise" }]);
    expect(parseLine(`[${"1,".repeat(2_000_000)}1]`)).toEqual([{ kind: "noise" }]);
  });

  it.each(["2.0", "2", '"2"', "2.00"])("takes the version %s for 2.0", (version) => {
    expect(parseLine(`{"jsonrpc":${version},"id":1,"result":{}}`)).toEqual([{ kind: "result", id: 1, result: "{}" }]);
    expect(parseLine(`{"jsonrpc":${version},"id":1,"method":"ping"}`)).toMatchObject([{ kind: "request", id: "1" }]);
  });

  it("reads a reply of another version, and with other members, as a bare one", () => {
    expect(parseLine('{"jsonrpc":"1.0","id":1,"result":{},"time":5}')).toEqual([
      { kind: "result", id: 1, result: "{}", bare: true },
    ]);
    expect(parseLine('{"jsonrpc":"1.0","id":1,"method":"ping"}')).toEqual([{ kind: "noise" }]);
  });

  it("reads a reply that repeats its request as a bare one, and a request without an outcome as a request", () => {
    const repeated = '"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}';
    expect(parseLine(`{${repeated},"result":{},"error":null}`)).toEqual([
      { kind: "result", id: 1, result: "{}", bare: true },
    ]);
    expect(parseLine(`{${repeated},"error":{"code":5}}`)).toMatchObject([{ kind: "error", id: 1, bare: true }]);
    expect(parseLine(`{${repeated},"result":null,"error":null}`)).toMatchObject([{ kind: "request", id: "1" }]);
  });

  it.each(['"id":null,', ""])("reads a reply with the id %j as one to nobody knows what", (id) => {
    expect(parseLine(`{"jsonrpc":"2.0",${id}"error":{"code":-32700,"message":"no"}}`)).toEqual([
      { kind: "unowned", outcome: { error: { code: -32700, message: "no" } } },
    ]);
    expect(parseLine(`{"jsonrpc":"2.0",${id}"result":{}}`)).toEqual([{ kind: "unowned", outcome: { result: "{}" } }]);
  });

  it("tells whose a broken reply is by its end when it begins with its outcome", () => {
    for (const version of ["", '"jsonrpc":"2.0",']) {
      expect(parseLine(`{${version}"result":{"a":NaN},"id":3}`)).toMatchObject([{ kind: "malformed", id: 3 }]);
    }
    expect(parseLine('{"result":{"a":NaN},"level":3}')).toEqual([{ kind: "noise" }]);
  });

  it("takes 10,000 elements of a batch, and calls the rest noise", () => {
    const messages = parseLine(`[${Array.from({ length: 20_000 }, () => ok).join(",")}]`);
    expect(messages).toHaveLength(10_001);
    expect(messages.at(-1)).toEqual({ kind: "noise" });
  });

  it("gives at least one message and never throws, whatever the line is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((text) => `{"jsonrpc":"2.0","id":1,"result":${text}}`),
        ),
        (text) => {
          expect(parseLine(text).length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
