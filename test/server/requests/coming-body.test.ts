import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Writable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import type { NodeRequest, NodeResponse } from "../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../src/server/listener.ts";
import { bodyOf } from "../../../src/server/requests/node-body.ts";
import { TransferBudget } from "../../../src/server/responses/transfer-budget.ts";
import { Turns } from "../turns.ts";

const opened: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const stack of opened.splice(0)) await stack.disposeAsync();
});

const openers = {
  "HTTP/1.1": (port: number, stack: AsyncDisposableStack): Writable => {
    const request = http.request({ port, host: "127.0.0.1", method: "POST", agent: false });
    stack.defer(() => void request.destroy());
    request.on("error", () => {}).flushHeaders();
    return request;
  },
  "HTTP/2": (port: number, stack: AsyncDisposableStack): Writable => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    stack.defer(() => session.destroy());
    return session.request({ ":method": "POST", ":path": "/" }, { endStream: false });
  },
};
const versions = Object.keys(openers) as (keyof typeof openers)[];

/** A request of which the body is still to be sent. */
async function begun(version: keyof typeof openers) {
  const stack = new AsyncDisposableStack();
  opened.push(stack);
  const taken = Promise.withResolvers<{ request: NodeRequest; response: NodeResponse }>();
  const handler = (request: NodeRequest, response: NodeResponse) => taken.resolve({ request, response });
  const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
  stack.defer(() => listener.close({ graceMs: 0 }));
  const body = openers[version](listener.port, stack);
  return { body, ...(await taken.promise) };
}

function unsentOf(response: NodeResponse) {
  const budget = new TransferBudget({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => 0 });
  return { budget, unsent: budget.watch(response) };
}

describe.each(versions)("A body over %s that is kept", (version) => {
  it("comes in few pieces, and is counted, when it is sent a byte at a time", async () => {
    const { body, request, response } = await begun(version);
    const { budget, unsent } = unsentOf(response);
    const pieces: Buffer[] = [];
    const whole = (async () => {
      for await (const piece of bodyOf(request, unsent)) pieces.push(piece);
    })();
    for (let sent = 1; sent <= 500; sent += 1) {
      body.write("x");
      while (budget.bytes < sent) await new Promise((resolve) => setImmediate(resolve));
    }
    body.end();
    await whole;
    expect(Buffer.concat(pieces).toString()).toBe("x".repeat(500));
    expect(pieces.length).toBeLessThan(12);
    expect(budget.bytes).toBe(0);
  });

  it("is read in turns of the event loop", async () => {
    const { body, request, response } = await begun(version);
    using turns = new Turns();
    request.on("data", turns.note).pause();
    const sent = 200_000;
    for (let count = 0; count < sent; count += 1) body.write("x");
    body.end();
    let bytes = 0;
    for await (const piece of bodyOf(request, unsentOf(response).unsent)) bytes += piece.length;
    expect(bytes).toBe(sent);
    // What 64 KiB hold.
    expect(turns.most).toBeLessThanOrEqual(11_000);
  });
});

describe.each(versions)("A stream of requests over %s", (version) => {
  it("comes as it is sent, and no further than its reader takes it", async () => {
    const { body, request } = await begun(version);
    const pieces = bodyOf(request);
    for (const text of ["a", "b", "c"]) {
      body.write(text);
      expect(String((await pieces.next()).value)).toBe(text);
    }
    let isTaken = false;
    body.write(Buffer.alloc(20_000_000), () => {
      isTaken = true;
    });
    let bytes = 0;
    while (bytes < 10_000_000) {
      bytes += (await pieces.next()).value?.length ?? 0;
      if (bytes < 5_000_000) expect(isTaken).toBe(false);
    }
    await pieces.return(undefined);
  });

  it("that its caller left before it was read is CANCELLED", async () => {
    const { body, request, response } = await begun(version);
    body.write("x");
    body.destroy();
    if (!response.closed) await once(response, "close");
    const read = async () => {
      for await (const piece of bodyOf(request)) expect(String(piece)).toBe("x");
    };
    await expect(read()).rejects.toMatchObject({ kind: "cancelled" });
  });
});
