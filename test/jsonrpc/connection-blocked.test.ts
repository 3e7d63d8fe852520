import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import type { RequestOptions } from "../../src/jsonrpc/connection.ts";
import { nextTurn, openWire, reply } from "./wire.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const deadline = () =>
  new ManagerError("deadline", "too late", { details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" } });

/** A connection whose other side stopped reading after the request `written`, id 1. */
async function blockedWire(options: Parameters<typeof openWire>[0] = {}) {
  const wire = openWire(options);
  wire.reader.reads = false;
  const controller = new AbortController();
  const onAbandoned: RequestOptions["onAbandoned"] = (requestId) =>
    wire.connection.notify("cancelled", JSON.stringify({ requestId }));
  const written = wire.request("written", { signal: controller.signal, onAbandoned });
  written.catch(() => {});
  await nextTurn();
  return { ...wire, written, controller, onAbandoned };
}

describe("Connection, when the other side does not read", () => {
  it("fails a request that it could not write for 30 s, and keeps the one that was written", async () => {
    const wire = await blockedWire();
    const queued = wire.request("queued");
    queued.catch(() => {});
    vi.advanceTimersByTime(29_999);
    expect(wire.connection.inFlight).toBe(2);
    vi.advanceTimersByTime(1);
    await expect(queued).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_NOT_READING", delivery: "not_sent", retryAfterMs: 1000 },
    });
    expect(wire.connection.inFlight).toBe(1);
    wire.connection.drain();
    expect(wire.sent()).toMatchObject([{ method: "written" }]);
    wire.receive(reply(1));
    expect(await wire.written).toEqual({ result: "{}" });
  });

  it("says of a request whose deadline passes that it was sent when its bytes were handed on", async () => {
    const wire = await blockedWire();
    wire.controller.abort(deadline());
    await expect(wire.written).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
  });

  it("frees the caller at once, and tells the other side of the cancel as soon as it reads", async () => {
    const wire = await blockedWire();
    wire.controller.abort(deadline());
    expect(wire.connection.inFlight).toBe(0);
    expect(wire.sent()).toMatchObject([{ id: 1, method: "written" }]);
    wire.reader.reads = true;
    wire.connection.drain();
    expect(wire.sent()).toMatchObject([{ id: 1 }, { method: "cancelled", params: { requestId: 1 } }]);
  });

  it("does not lose a cancel because the queue is full", async () => {
    const wire = await blockedWire({ maxQueuedChars: 60 });
    const waiting = wire.request("waits");
    await expect(wire.request("full")).rejects.toMatchObject({ kind: "too_much" });
    wire.controller.abort(deadline());
    wire.reader.reads = true;
    wire.connection.drain();
    expect(wire.sent().map(({ method }) => method)).toEqual(["written", "waits", "cancelled"]);
    wire.receive(reply(2));
    await waiting;
  });

  it("sends nothing at all of a request that is cancelled while it waits", async () => {
    const wire = await blockedWire();
    const controller = new AbortController();
    const { onAbandoned } = wire;
    const queued = wire.request("queued", { signal: controller.signal, onAbandoned });
    controller.abort(deadline());
    await expect(queued).rejects.toMatchObject({ kind: "deadline", details: { delivery: "not_sent" } });
    wire.reader.reads = true;
    wire.connection.drain();
    await nextTurn();
    expect(wire.sent().map(({ method }) => method)).toEqual(["written"]);
  });

  it("keeps no timer when it ends", async () => {
    const wire = await blockedWire();
    const queued = wire.request("queued");
    wire.connection.end({ reason: "SERVER_EXITED", message: "server fs exited" });
    await expect(queued).rejects.toMatchObject({ kind: "unavailable" });
    expect(vi.getTimerCount()).toBe(0);
  });
});
