import { describe, expect, it } from "vitest";
import { nextTurn, openWire, reply } from "./wire.ts";

describe("Connection, when the other side misbehaves", () => {
  it("refuses requests beyond its queue while the other side does not read", async () => {
    const wire = openWire({ maxQueuedChars: 180 });
    wire.reader.reads = false;
    void wire.request();
    await nextTurn();
    const queued = [wire.request(), wire.request(), wire.request()];
    await expect(wire.request()).rejects.toMatchObject({
      kind: "too_much",
      details: { reason: "SERVER_NOT_READING", delivery: "not_sent", retryAfterMs: 1000 },
    });
    expect(wire.connection.inFlight).toBe(4);
    wire.connection.drain();
    wire.receive(reply(2), reply(3), reply(4));
    await Promise.all(queued);
  });

  it("shows noise, and goes on", async () => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    wire.receive("\ufeffWelcome!", "", '{"level":"info"}', reply(1));
    expect(await asked).toEqual({ result: "{}" });
    expect(wire.heard.noise.map(({ line }) => line)).toEqual(["Welcome!", '{"level":"info"}']);
    expect(wire.heard.noise).toHaveLength(2);
  });

  it("fails a call at once whose reply is malformed, and shows the line", async () => {
    const wire = openWire();
    const broken = wire.request();
    const empty = wire.request();
    const fine = wire.request();
    await nextTurn();
    wire.receive('{"jsonrpc":"2.0","id":1,"result":{"a":NaN}}', '{"jsonrpc":"2.0","id":2}', reply(3));
    const malformed = { kind: "protocol", details: { reason: "MALFORMED_REPLY", delivery: "answered" } };
    await expect(broken).rejects.toMatchObject(malformed);
    await expect(empty).rejects.toMatchObject(malformed);
    expect(await fine).toEqual({ result: "{}" });
    expect(wire.heard.noise).toHaveLength(2);
  });

  it("fails a call whose reply is not UTF-8, and lives on", async () => {
    const wire = openWire();
    const broken = wire.request();
    const fine = wire.request();
    await nextTurn();
    const bytes = Buffer.from(`${reply(1, '"?"')}\n`);
    bytes[bytes.indexOf("?")] = 0xff;
    wire.connection.receive(bytes);
    wire.receive(reply(2));
    await expect(broken).rejects.toMatchObject({
      kind: "protocol",
      message: expect.stringContaining("not UTF-8"),
      details: { reason: "MALFORMED_REPLY", delivery: "answered" },
    });
    expect(await fine).toEqual({ result: "{}" });
    expect(wire.heard.noise).toHaveLength(1);
  });

  it.each(['"1"', "1.0", "1e0"])("settles a call by a reply to the id %s, which denotes its own", async (id) => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    wire.receive(`{"jsonrpc":"2.0","id":${id},"result":{"a":1}}`);
    expect(await asked).toEqual({ result: '{"a":1}' });
    expect(wire.heard).toMatchObject({ noise: [], lateReplies: 0 });
  });

  it("settles a call by a reply that does not say that it is JSON-RPC; one to no call is noise", async () => {
    const wire = openWire();
    const asked = [wire.request(), wire.request()];
    await nextTurn();
    wire.receive('{"id":1,"result":{}}', '{"id":2,"error":{"code":5,"message":"no"}}', '{"id":2,"result":{}}');
    expect(await Promise.all(asked)).toEqual([{ result: "{}" }, { error: { code: 5, message: "no" } }]);
    expect(wire.heard.lateReplies).toBe(0);
    expect(wire.heard.noise.map(({ line }) => line)).toEqual(['{"id":2,"result":{}}']);
  });

  it("settles nothing by a log line that has an id and a result", async () => {
    const wire = openWire();
    void wire.request();
    await nextTurn();
    wire.receive('{"level":"debug","id":1,"result":{}}');
    expect(wire.connection.inFlight).toBe(1);
  });

  it("settles nothing by replies to other strings and to unknown numbers, and shows them", async () => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    const ofNobody = [
      '{"jsonrpc":"2.0","id":"x1","result":{}}',
      '{"jsonrpc":"2.0","id":1,"result":{},"id":99}',
      reply(99),
      reply(0),
      reply(-1),
    ];
    wire.receive(...ofNobody);
    expect(wire.connection.inFlight).toBe(1);
    expect(wire.heard.noise.map(({ line }) => line)).toEqual(ofNobody);
    expect(wire.heard.lateReplies).toBe(2);
    wire.receive(reply(1));
    await asked;
    expect(wire.heard.lateReplies).toBe(2);
  });

  it("drops the second of two replies to one call", async () => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    wire.receive(reply(1, "1"), reply(1, "2"));
    expect(await asked).toEqual({ result: "1" });
    expect(wire.heard.lateReplies).toBe(1);
  });
});

describe("Connection, when a reply is too long", () => {
  const long = `"${"x".repeat(5000)}"`;
  const tooLarge = { kind: "too_much", details: { reason: "RESULT_TOO_LARGE", delivery: "answered" } };

  it.each([
    ["before", `{"jsonrpc":"2.0","id":2,"result":${long}}`],
    ["after", `{"jsonrpc":"2.0","result":${long},"id":2}`],
  ])("fails the one call when its id stands %s the result, and lives on", async (_where, line) => {
    const wire = openWire({ maxLineBytes: 1000 });
    const [first, second] = [wire.request(), wire.request()];
    await nextTurn();
    wire.receive(line, reply(1));
    await expect(second).rejects.toMatchObject(tooLarge);
    expect(await first).toEqual({ result: "{}" });
    expect(wire.heard.noise).toMatchObject([{ truncated: true }]);
  });

  it("fails all calls that were sent when it can't tell whose it is, but none that waits", async () => {
    const wire = openWire({ maxLineBytes: 1000 });
    wire.reader.reads = false;
    const sent = [wire.request(), wire.request()];
    await nextTurn();
    const queued = wire.request();
    wire.receive(`{"jsonrpc":"2.0","result":${long}}`);
    for (const call of sent) {
      await expect(call).rejects.toMatchObject({
        kind: "too_much",
        details: { reason: "RESULT_TOO_LARGE", delivery: "sent" },
      });
    }
    wire.connection.drain();
    wire.receive(reply(3));
    expect(await queued).toEqual({ result: "{}" });
  });

  it("knows whose it is when only one call was sent", async () => {
    const wire = openWire({ maxLineBytes: 1000 });
    const only = wire.request();
    await nextTurn();
    wire.receive(`{"jsonrpc":"2.0","result":${long}}`);
    await expect(only).rejects.toMatchObject(tooLarge);
  });

  it.each([
    ["request", `{"jsonrpc":"2.0","id":1,"method":"ask","params":{"result":${long}}}`],
    ["request with its id last", `{"jsonrpc":"2.0","method":"ask","params":{"result":${long}},"id":1}`],
    ["notification", `{"jsonrpc":"2.0","method":"n","params":{"a":${long}}}`],
  ])("lets no call fail by an oversized %s of the server", async (_what, line) => {
    const wire = openWire({ maxLineBytes: 1000 });
    const asked = wire.request();
    await nextTurn();
    wire.receive(line);
    expect(wire.connection.inFlight).toBe(1);
    expect(wire.heard.noise).toHaveLength(1);
    wire.receive(reply(1));
    expect(await asked).toEqual({ result: "{}" });
  });
});
