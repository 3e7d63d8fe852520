import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextTurn, openWire, reply } from "./wire.ts";

const result = '{"n": 9007199254740993}';
const whole = (id: number) => reply(id, result);
const log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}';
const malformed = { kind: "protocol", details: { reason: "MALFORMED_REPLY", delivery: "answered" } };

/** A connection with so many requests under way. */
async function withRequests(count: number) {
  const wire = openWire({ maxLineBytes: 10_000 });
  const asked = Array.from({ length: count }, () => wire.request());
  for (const one of asked) one.catch(() => {});
  await nextTurn();
  return { wire, asked, shown: () => wire.heard.noise.map(({ line }) => line) };
}

describe("Connection, when a reply is nearly one", () => {
  it.each([
    ["text before it", `Loading… ${whole(1)}`],
    ["the end of a bar before it", `100%|##########| 1/1 [00:00<00:00]${whole(1)}`],
    ["text in brackets before it", `[INFO] {ok} ${whole(1)}`],
    ["an event's field before it", `data: ${whole(1)}`],
    ["a log line in JSON before it", `{"level":"info","msg":"{"}${whole(1)}`],
    ["text behind it", `${whole(1)} done`],
    ["a header of LSP behind it", `${whole(1)}Content-Length: 80`],
    ["bytes that are not UTF-8 before it", Buffer.from(`Gr\xfc\xdfe ${whole(1)}`, "latin1").toString("latin1")],
  ])("settles the call with %s, and shows the line", async (_what, line) => {
    const { wire, asked, shown } = await withRequests(2);
    wire.receive(line);
    expect(await asked[0]).toEqual({ result });
    expect(shown()).toEqual([line]);
    expect(wire.connection.inFlight).toBe(1);
  });

  it("settles the call when what is before its reply is not UTF-8", async () => {
    const { wire, asked } = await withRequests(1);
    wire.connection.receive(Buffer.concat([Buffer.from([0xff, 0xfc, 0x20]), Buffer.from(`${whole(1)}\n`)]));
    expect(await asked[0]).toEqual({ result });
  });

  it.each([
    ["colours", `\x1b[2K\x1b[1;32m${whole(1)}\x1b[0m`],
    ["the version as a number", `{"jsonrpc":2.0,"id":1,"result":${result}}`],
    ["another version", `{"jsonrpc":"1.0","id":1,"result":${result},"error":null}`],
    ["its request repeated", `{"jsonrpc":"2.0","id":1,"method":"m","params":{},"result":${result}}`],
  ])("settles the call with %s", async (_what, line) => {
    const { wire, asked, shown } = await withRequests(1);
    wire.receive(line);
    expect(await asked[0]).toEqual({ result });
    expect(shown()).toEqual([]);
  });

  it("reads all messages of a line, one behind another", async () => {
    const { wire, asked, shown } = await withRequests(3);
    wire.receive(`${log}${whole(1)} ${whole(2)}\x1b[0m{"jsonrpc":"2.0","id":"p","method":"ping"}`);
    expect(await Promise.all(asked.slice(0, 2))).toEqual([{ result }, { result }]);
    expect(wire.heard.notifications).toHaveLength(1);
    expect(wire.heard.requests).toHaveLength(1);
    expect(shown()).toEqual([]);
  });

  it("fails the call whose reply behind another message, or colours, is broken", async () => {
    const { wire, asked, shown } = await withRequests(3);
    wire.receive(`${whole(1)}{"jsonrpc":"2.0","id":2,"result":{"a":NaN}}`, '\x1b[0m{"jsonrpc":"2.0","id":3,"result":{');
    expect(await asked[0]).toEqual({ result });
    await expect(asked[1]).rejects.toMatchObject(malformed);
    await expect(asked[2]).rejects.toMatchObject(malformed);
    expect(shown()).toHaveLength(2);
  });

  it.each([
    ["of a notification", '{"jsonrpc":"2.0","method":"notifications/progr'],
    ["of a reply to a call that is over", '{"jsonrpc":"2.0","id":0,"res'],
    ["of its own reply", '{"jsonrpc":"2.0","id":1,"res'],
    ["of its own reply, up to a value", '{"jsonrpc":"2.0","id":1,"result":{"a":1'],
    ["of its own reply, up to the id", '{"jsonrpc":"2.0","id":1'],
    ["and whole messages before it", `${log}{"jsonrpc":"2.0","method":"n`],
  ])("settles the call whose reply is behind a half %s", async (_what, half) => {
    const { wire, asked, shown } = await withRequests(2);
    wire.receive(half + whole(1));
    expect(await asked[0]).toEqual({ result });
    expect(shown()).toEqual([half + whole(1)]);
    expect(wire.connection.inFlight).toBe(1);
  });

  it("settles the calls whose replies are behind half a reply, and fails that one's call", async () => {
    const { wire, asked } = await withRequests(3);
    wire.receive(`{"jsonrpc":"2.0","id":1${whole(2)} ${whole(3)}`);
    await expect(asked[0]).rejects.toMatchObject(malformed);
    expect(await Promise.all(asked.slice(1))).toEqual([{ result }, { result }]);
  });

  it.each([
    ["cut off behind it", `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":${whole(1)}`],
    ["not escaped", `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"sent ${whole(1)}"}}`],
  ])("shows a reply that a broken notification quotes, %s, and settles nothing", async (_what, line) => {
    const { wire, shown } = await withRequests(1);
    wire.receive(line);
    expect(wire.connection.inFlight).toBe(1);
    expect(shown()).toEqual([line]);
  });

  it("fails the call of a broken reply that has its id last", async () => {
    const { wire, asked } = await withRequests(2);
    wire.receive('{"result":{"a":NaN},"jsonrpc":"2.0","id":2}');
    await expect(asked[1]).rejects.toMatchObject(malformed);
    expect(wire.connection.inFlight).toBe(1);
  });

  it.each([
    ["between two texts", `sent ${whole(1)} in 5 ms`],
    ["within a log line", `{"level":"debug","sent":${whole(1)}}`],
    ["within a broken log line", `{"level":"debug","sent":${whole(1)}`],
    ["behind text, without the word jsonrpc", 'got {"id":1,"result":{}}'],
    ["of a request that came back", 'got {"jsonrpc":"2.0","id":1,"method":"m","params":{}}'],
    ["cut off behind text", 'sent {"jsonrpc":"2.0","id":1,"result":{"te…'],
    ["to another id", `sent ${whole(7)}`],
    ["to an id that can't be ours", '{"jsonrpc":"2.0","id":"1-1","result":{}}'],
  ])("shows what is told of a reply %s, and settles nothing", async (_what, line) => {
    const { wire, asked, shown } = await withRequests(1);
    wire.receive(line);
    expect(wire.connection.inFlight).toBe(1);
    expect(shown()).toEqual([line]);
    wire.receive(whole(1));
    expect(await asked[0]).toEqual({ result });
  });

  it("takes nothing out of lines while no call is under way", async () => {
    const { wire, shown } = await withRequests(0);
    wire.receive(`text ${whole(1)}`, "{", '"a":1');
    expect(shown()).toEqual([`text ${whole(1)}`, "{", '"a":1']);
    expect(wire.heard.lateReplies).toBe(0);
  });

  it("reads a line of a million beginnings once for each of a few", async () => {
    const { wire, shown } = await withRequests(1);
    wire.receive(`x${'{"id":'.repeat(1600)}`, `x${'{"id":1}'.repeat(1200)}`);
    expect(shown()).toHaveLength(2);
    expect(wire.connection.inFlight).toBe(1);
  });
});

describe("Connection, when a reply is over several lines", () => {
  const pretty = (id: number) =>
    JSON.stringify({ jsonrpc: "2.0", id, result: { list: [1, { a: "{" }], e: [] } }, undefined, 2);

  it("settles the call, and shows nothing of it", async () => {
    const { wire, asked, shown } = await withRequests(2);
    wire.receive(pretty(1), "", whole(2));
    const [first, second] = await Promise.all(asked);
    expect(JSON.parse((first as { result: string }).result)).toEqual({ list: [1, { a: "{" }], e: [] });
    expect(second).toEqual({ result });
    expect(shown()).toEqual([]);
  });

  it("reads a batch that is printed so", async () => {
    const { wire, asked } = await withRequests(2);
    wire.receive(`[\n${pretty(1)},\n${pretty(2)}\n]`);
    await Promise.all(asked);
  });

  it("shows the lines in their order when it is no message after all", async () => {
    const { wire, asked, shown } = await withRequests(1);
    wire.receive("{", '  "level": "info",', "  oops", "{", '"a": 1', "}", "text");
    expect(shown()).toEqual(["{", '  "level": "info",', "  oops", "{", '"a": 1', "}", "text"]);
    wire.receive(whole(1));
    await asked[0];
  });

  it("takes no message that comes in between for a part of it", async () => {
    const { wire, asked, shown } = await withRequests(2);
    wire.receive("[", whole(1), '{"x":[', `{"id":2,"result":${result}}`);
    expect(await Promise.all(asked)).toEqual([{ result }, { result }]);
    expect(shown()).toEqual(["[", '{"x":[']);
  });

  it("fails the call when it breaks off, and when it is too long", async () => {
    const { wire, asked } = await withRequests(3);
    wire.receive('{"jsonrpc":"2.0",', '"id": 1,', '"result": {', "NaN");
    await expect(asked[0]).rejects.toMatchObject(malformed);
    wire.receive('{"jsonrpc":"2.0","id":2,', '"result": [', ...Array.from({ length: 900 }, () => '"xxxxxxxxxx",'));
    await expect(asked[1]).rejects.toMatchObject({ details: { reason: "RESULT_TOO_LARGE", delivery: "answered" } });
    expect(wire.connection.inFlight).toBe(1);
  });

  it("shows what was begun once no call is under way any more, and at the end of input", async () => {
    const { wire, shown } = await withRequests(1);
    wire.receive("{", '"jsonrpc": "2.0",');
    expect(shown()).toEqual([]);
    wire.receive(whole(1));
    expect(shown()).toEqual(["{", '"jsonrpc": "2.0",']);
    void wire.request().catch(() => {});
    wire.receive("{");
    wire.connection.endOfInput();
    expect(shown().at(-1)).toBe("{");
  });

  it("shows the beginning of more lines than anybody reads", async () => {
    const { wire, shown } = await withRequests(1);
    wire.receive("[", ...Array.from({ length: 1200 }, () => "1,"), "oops");
    expect(wire.heard.noise).toMatchObject([{ truncated: true }, { line: "oops" }]);
    expect(shown()[0]).toMatch(/^\[\n1,\n/);
  });
});

describe("Connection, when a reply does not say to what", () => {
  const noId = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}';

  it("settles the only call by an error, and by no result", async () => {
    const { wire, asked } = await withRequests(1);
    wire.receive(noId);
    expect(await asked[0]).toEqual({ error: { code: -32700, message: "Parse error" } });
    const again = wire.request();
    await nextTurn();
    wire.receive('{"jsonrpc":"2.0","id":null,"result":{}}', reply(2, result));
    expect(await again).toEqual({ result });
    expect(wire.heard.noise).toHaveLength(1);
  });

  it("shows it when it may be any of several calls", async () => {
    const { wire, shown } = await withRequests(2);
    wire.receive(noId, '{"jsonrpc":"2.0","error":{"code":1,"message":""}}');
    expect(wire.connection.inFlight).toBe(2);
    expect(shown()).toHaveLength(2);
    expect(wire.heard.lateReplies).toBe(0);
  });

  it("does not take it for a long-lived request's, nor for that of one that was not written", async () => {
    const wire = openWire();
    void wire.request("listen", { longLived: true });
    const asked = wire.request();
    await nextTurn();
    wire.receive(noId);
    expect(await asked).toMatchObject({ error: { code: -32700 } });
    wire.receive(noId);
    expect(wire.connection.inFlight).toBe(1);
    expect(wire.heard.noise).toHaveLength(1);
  });

  it.each(["0", "-1", '"x"', '""', "true"])("settles the only call by an error to the id %s, too", async (id) => {
    const { wire, asked, shown } = await withRequests(1);
    wire.receive(noId.replace("null", id));
    expect(await asked[0]).toMatchObject({ error: { code: -32700 } });
    expect(shown()).toEqual([]);
  });

  it("shows an error that may be for a notification, until a later request has its reply", async () => {
    const unknown = noId.replace("-32700", "-32601");
    const wire = openWire();
    wire.connection.notify("notifications/initialized", "{}");
    const asked = wire.request();
    await nextTurn();
    wire.receive(unknown);
    expect(wire.heard.noise).toHaveLength(1);
    wire.receive(reply(1));
    await asked;
    const second = wire.request();
    await nextTurn();
    wire.receive(unknown);
    expect(await second).toMatchObject({ error: { code: -32601 } });
  });

  it("settles the first call after a notification by an error that is not about a method", async () => {
    const wire = openWire();
    wire.connection.notify("notifications/initialized", "{}");
    const asked = wire.request();
    await nextTurn();
    wire.receive(noId.replace("-32700", "-32602"));
    expect(await asked).toMatchObject({ error: { code: -32602 } });
  });

  it("shows it when it may be for a response", async () => {
    const { wire, asked } = await withRequests(1);
    wire.connection.respond('"p"', "{}");
    await nextTurn();
    wire.receive(noId);
    expect(wire.connection.inFlight).toBe(1);
    wire.receive(reply(1));
    await asked[0];
  });

  it("shows it when it may be for a request that was given up, until that or a later one has its reply", async () => {
    const wire = openWire();
    const giveUp = async () => {
      const leaving = new AbortController();
      wire.request("m", { signal: leaving.signal }).catch(() => {});
      await nextTurn();
      leaving.abort();
    };
    const next = async () => {
      const asked = wire.request();
      await nextTurn();
      return asked;
    };
    await giveUp();
    const second = next();
    await nextTurn();
    wire.receive(noId);
    expect(wire.connection.inFlight).toBe(1);
    wire.receive(reply(1), noId);
    expect(await second).toMatchObject({ error: { code: -32700 } });
    await giveUp();
    const fourth = next();
    await nextTurn();
    wire.receive(noId);
    expect(wire.connection.inFlight).toBe(1);
    wire.receive(reply(4));
    await fourth;
    const fifth = next();
    await nextTurn();
    wire.receive(noId);
    expect(await fifth).toMatchObject({ error: { code: -32700 } });
  });

  it("shows it when somebody asked before this connection did, until a request has its reply", async () => {
    const wire = openWire();
    wire.connection.resumes();
    const asked = wire.request();
    await nextTurn();
    wire.receive(noId, reply(7_000_000));
    expect(wire.connection.inFlight).toBe(1);
    expect(wire.heard.noise[0]?.line).toBe(noId);
    wire.receive(noId);
    expect(wire.connection.inFlight).toBe(1);
    wire.receive(reply(1));
    await asked;
    const second = wire.request();
    await nextTurn();
    wire.receive(noId);
    expect(await second).toMatchObject({ error: { code: -32700 } });
  });
});

describe("Connection, when a reply has no line break", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("settles the call once nothing more comes", async () => {
    const { wire, asked, shown } = await withRequests(3);
    wire.connection.receive(Buffer.from(whole(1)));
    expect(wire.connection.inFlight).toBe(3);
    vi.runOnlyPendingTimers();
    expect(await asked[0]).toEqual({ result });
    wire.connection.receive(Buffer.from(`\n${log}${whole(2)}`));
    vi.runOnlyPendingTimers();
    expect(await asked[1]).toEqual({ result });
    wire.receive(whole(3));
    expect(await asked[2]).toEqual({ result });
    expect(shown()).toEqual([]);
    expect(wire.heard.lateReplies).toBe(0);
  });

  it.each([
    ["a reply that is not whole", '{"jsonrpc":"2.0","id":1,"result":{}', "}"],
    ["text", `text ${whole(1)}`, ""],
    ["a reply to another call", whole(7), ""],
  ])("waits for the end of %s", async (_what, begun, rest) => {
    const { wire, asked } = await withRequests(1);
    wire.connection.receive(Buffer.from(begun));
    vi.runOnlyPendingTimers();
    expect(wire.connection.inFlight).toBe(1);
    wire.receive(rest);
    if (wire.connection.inFlight === 1) wire.receive(whole(1));
    expect(await asked[0]).toMatchObject({ result: expect.any(String) });
    expect(vi.getTimerCount()).toBe(0);
  });
});
