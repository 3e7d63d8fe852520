import { getEventListeners } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { Connection } from "../../src/jsonrpc/connection.ts";
import type { ConnectionEnd } from "../../src/jsonrpc/connection-error.ts";
import { nextTurn, openWire, reply } from "./wire.ts";

const died: ConnectionEnd = {
  reason: "SERVER_EXITED",
  message: "server fs exited with code 1",
  details: { exitCode: 1, stderrTail: "oops" },
};

function deadline(): ManagerError {
  return new ManagerError("deadline", "too late", { details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" } });
}

describe("Connection", () => {
  it("settles each request with its own reply, in whatever order the replies come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }).chain((count) =>
          fc.shuffledSubarray(
            Array.from({ length: count }, (_, index) => index),
            { minLength: count, maxLength: count },
          ),
        ),
        async (order) => {
          const wire = openWire({ firstId: 100 });
          const replies = order.map(() => wire.request());
          await nextTurn();
          for (const index of order) wire.receive(reply(100 + index, `{"n":${index}}`));
          expect(await Promise.all(replies)).toEqual(order.map((_, index) => ({ result: `{"n":${index}}` })));
          expect(wire.connection.inFlight).toBe(0);
        },
      ),
    );
  });

  it("counts ids up from the first one, also for requests that were given up", async () => {
    const wire = openWire({ firstId: 41 });
    const controller = new AbortController();
    const dropped = wire.request("dropped", { signal: controller.signal });
    controller.abort(deadline());
    await expect(dropped).rejects.toThrow();
    void wire.request("next");
    await nextTurn();
    expect(wire.sent()).toEqual([{ jsonrpc: "2.0", id: 42, method: "next", params: {} }]);
  });

  it("makes a request's params of its id, and sends nothing when they can't be made", async () => {
    const { connection, sent, receive } = openWire({ firstId: 7 });
    const first = connection.request("m", (id) => `{"token":${id}}`);
    const failing = () =>
      connection.request("m", () => {
        throw new Error("too large");
      });
    expect(failing).toThrow("too large");
    const second = connection.request("m", (id) => `{"token":${id}}`);
    await nextTurn();
    expect(sent()).toMatchObject([
      { id: 7, params: { token: 7 } },
      { id: 9, params: { token: 9 } },
    ]);
    receive(reply(7), reply(9));
    await Promise.all([first, second]);
    expect(connection.inFlight).toBe(0);
  });

  it("awaits a request from when it was written until it is answered", async () => {
    const { connection, request, receive } = openWire();
    const settled = request();
    expect(connection.awaits(1)).toBe(false);
    await nextTurn();
    expect([connection.awaits(1), connection.awaits(2)]).toEqual([true, false]);
    receive(reply(1));
    expect(connection.awaits(1)).toBe(false);
    await settled;
  });

  it("knows a request before it writes it: a reply from within the write settles it", async () => {
    const connection: Connection = new Connection({
      write: () => {
        connection.receive(Buffer.from(`${reply(1)}\n`));
        return true;
      },
      listener: { notification() {}, request() {}, noise() {}, unclaimedReply() {} },
      firstId: 1,
      limits: { maxLineBytes: 1000, maxQueuedChars: 1000 },
    });
    expect(await connection.request("m", "{}")).toEqual({ result: "{}" });
  });

  it("gives an error reply as it is", async () => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    wire.receive('{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no","data":[1.0]}}');
    expect(await asked).toEqual({ error: { code: -5, message: "no", data: "[1.0]" } });
  });

  it("reads a reply that comes in pieces, and several in one chunk", async () => {
    const wire = openWire();
    const asked = [wire.request(), wire.request(), wire.request()];
    await nextTurn();
    const bytes = Buffer.from(`${reply(2, '"é"')}\r\n[${reply(1)},${reply(3)}]\n`);
    for (const byte of bytes) wire.connection.receive(Buffer.from([byte]));
    expect(await Promise.all(asked)).toEqual([{ result: "{}" }, { result: '"é"' }, { result: "{}" }]);
  });

  it("hands on notifications and requests of the other side, and answers these", async () => {
    const wire = openWire();
    wire.receive('{"jsonrpc":"2.0","method":"n","params":{"a":1.0}}', '{"jsonrpc":"2.0","id":"x","method":"ping"}');
    expect(wire.heard.notifications).toEqual([["n", '{"a":1.0}']]);
    expect(wire.heard.requests).toEqual([{ id: '"x"', method: "ping", params: "{}" }]);
    wire.connection.respond('"x"', "{}");
    wire.connection.respondError("2", { code: -32601, message: "no" });
    wire.connection.notify("n", '{"b":2}');
    await nextTurn();
    expect(wire.sent()).toEqual([
      { jsonrpc: "2.0", id: "x", result: {} },
      { jsonrpc: "2.0", id: 2, error: { code: -32601, message: "no" } },
      { jsonrpc: "2.0", method: "n", params: { b: 2 } },
    ]);
  });

  it("leaves no listener on the signal, however the request ended", async () => {
    const wire = openWire();
    const { signal } = new AbortController();
    const answered = wire.request("m", { signal });
    const malformed = wire.request("m", { signal });
    const lost = wire.request("m", { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(3);
    await nextTurn();
    wire.receive(reply(1), '{"jsonrpc":"2.0","id":2}');
    wire.connection.end(died);
    await Promise.allSettled([answered, malformed, lost]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("Connection, at its end", () => {
  it("rejects every pending call: written ones are lost, the others were never sent", async () => {
    const wire = openWire();
    wire.reader.reads = false;
    const written = wire.request();
    await nextTurn();
    const queued = wire.request();
    wire.connection.end(died);
    await expect(written).rejects.toMatchObject({
      kind: "call_lost",
      message: "server fs exited with code 1; the call had been sent and its outcome is unknown",
      details: { reason: "SERVER_EXITED", delivery: "sent", exitCode: 1, stderrTail: "oops" },
    });
    await expect(queued).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_EXITED", delivery: "not_sent" },
    });
    wire.reader.reads = true;
    wire.connection.drain();
    expect(wire.sent()).toHaveLength(1);
    expect(wire.connection.inFlight).toBe(0);
  });

  it("keeps its first reason, and refuses requests after it", async () => {
    const wire = openWire();
    wire.connection.end(died);
    wire.connection.end({ reason: "SERVER_STOPPED", message: "other" });
    await expect(wire.request()).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_EXITED", delivery: "not_sent" },
    });
    wire.connection.notify("n", "{}");
    await nextTurn();
    expect(wire.sent()).toEqual([]);
  });

  it("hands on an unfinished line as noise, and settles by an unfinished reply that is whole", async () => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    wire.connection.receive(Buffer.from(reply(1)));
    wire.connection.endOfInput();
    expect(await asked).toEqual({ result: "{}" });
    wire.connection.receive(Buffer.from("Killed"));
    wire.connection.endOfInput();
    expect(wire.heard.noise).toEqual([{ line: "Killed", truncated: false }]);
  });

  it.each([
    ["text", '{"jsonrpc":"2.0","id":1,"result":{"content":[{"ty'],
    ["a character", Buffer.from('{"jsonrpc":"2.0","id":1,"result":"é').subarray(0, -1)],
  ])("does not call a reply broken whose %s it cut off: the call is lost to what ended it", async (_what, half) => {
    const wire = openWire();
    const asked = wire.request();
    await nextTurn();
    wire.connection.receive(Buffer.from(half));
    wire.connection.endOfInput();
    expect(wire.heard.noise).toHaveLength(1);
    wire.connection.end({ reason: "SERVER_EXITED", message: "it exited" });
    await expect(asked).rejects.toMatchObject({
      kind: "call_lost",
      details: { reason: "SERVER_EXITED", delivery: "sent" },
    });
  });
});

describe("Connection, when a call is given up", () => {
  it("drops a line that was not written yet: it never reaches the wire", async () => {
    const wire = openWire();
    const controller = new AbortController();
    const abandoned: number[] = [];
    const asked = wire.request("m", { signal: controller.signal, onAbandoned: (id) => abandoned.push(id) });
    controller.abort(deadline());
    await expect(asked).rejects.toMatchObject({ kind: "deadline", details: { delivery: "not_sent" } });
    await nextTurn();
    expect(wire.chunks).toEqual([]);
    expect(abandoned).toEqual([]);
  });

  it("drops a line that waits for a reader", async () => {
    const wire = openWire();
    wire.reader.reads = false;
    void wire.request("first");
    await nextTurn();
    const controller = new AbortController();
    const asked = wire.request("second", { signal: controller.signal });
    await nextTurn();
    controller.abort(deadline());
    await expect(asked).rejects.toMatchObject({ details: { delivery: "not_sent" } });
    wire.connection.drain();
    expect(wire.sent()).toMatchObject([{ method: "first" }]);
  });

  it("says that a written call was sent, and tells its id on the wire", async () => {
    const wire = openWire({ firstId: 9 });
    const controller = new AbortController();
    const abandoned: [number, string][] = [];
    const asked = wire.request("m", {
      signal: controller.signal,
      onAbandoned: (id, reason) => abandoned.push([id, reason.kind]),
    });
    await nextTurn();
    controller.abort(deadline());
    await expect(asked).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    expect(abandoned).toEqual([[9, "deadline"]]);
    expect(wire.connection.inFlight).toBe(0);
  });

  it("drops the late reply, and does not let it settle another call", async () => {
    const wire = openWire();
    const controller = new AbortController();
    const given = wire.request("m", { signal: controller.signal });
    await nextTurn();
    controller.abort(deadline());
    await expect(given).rejects.toThrow("too late");
    const asked = wire.request();
    await nextTurn();
    wire.receive(reply(1, '"late"'), reply(2, '"mine"'));
    expect(await asked).toEqual({ result: '"mine"' });
    expect(wire.heard.lateReplies).toBe(1);
    expect(wire.heard.noise).toEqual([]);
  });

  it("sends nothing for a signal that has aborted already", async () => {
    const wire = openWire();
    const signal = AbortSignal.abort(deadline());
    await expect(wire.request("m", { signal })).rejects.toMatchObject({
      kind: "deadline",
      details: { delivery: "not_sent" },
    });
    await nextTurn();
    expect(wire.chunks).toEqual([]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("takes a reason that is no ManagerError for a cancel", async () => {
    const wire = openWire();
    await expect(wire.request("m", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: "cancelled",
      details: { reason: "CANCELLED", delivery: "not_sent" },
    });
  });

  it("does not notice an abort after the reply", async () => {
    const wire = openWire();
    const controller = new AbortController();
    const abandoned: number[] = [];
    const asked = wire.request("m", { signal: controller.signal, onAbandoned: (id) => abandoned.push(id) });
    await nextTurn();
    wire.receive(reply(1));
    controller.abort(deadline());
    expect(await asked).toEqual({ result: "{}" });
    expect(abandoned).toEqual([]);
  });
});
