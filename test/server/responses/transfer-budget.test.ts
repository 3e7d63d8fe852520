import { EventEmitter, once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import { drained } from "../../../src/rest/rest-handler.ts";
import type { NodeRequest, NodeResponse } from "../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../src/server/listener.ts";
import { pacedBody } from "../../../src/server/responses/paced-body.ts";
import { TransferBudget } from "../../../src/server/responses/transfer-budget.ts";

/** Several times what the system takes of a response over a loopback connection. */
const responseBytes = 40_000_000;
const noSignal = new AbortController().signal;

const opened: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const stack of opened.splice(0)) await stack.disposeAsync();
});

/** A server whose every response has so many bytes, and its caller, who reads nothing unless told to. */
async function serve(options: { readonly maxBytes: number }) {
  const clock = { ms: 0 };
  const budget = new TransferBudget({ ...options, log: silentLog, elapsedMs: () => clock.ms });
  const stack = new AsyncDisposableStack();
  opened.push(stack);
  const respond = async (response: NodeResponse) => {
    const body = [Buffer.alloc(responseBytes)];
    for await (const slice of pacedBody(body, { transfer: budget.open(response), streams: false })) {
      if (!response.write(slice)) await drained(response, noSignal);
    }
    response.end();
  };
  const handler = (_request: NodeRequest, response: NodeResponse) => void respond(response);
  const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
  stack.defer(() => listener.close({ graceMs: 0 }));
  const url = `http://127.0.0.1:${listener.port}`;
  const callers = {
    async "HTTP/1.1"(): Promise<Readable> {
      const request = http.get(url, { agent: false });
      stack.defer(() => void request.destroy());
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      return response;
    },
    async "HTTP/2"(): Promise<Readable> {
      const session = http2.connect(url);
      stack.defer(() => session.destroy());
      const stream = session.request({ ":path": "/" });
      await once(stream, "response");
      return stream;
    },
  };
  return { budget, clock, callers };
}

/** A response to be read later, which may fail before. */
function toBeRead(response: Readable): { read(): Promise<number> } {
  let failure: Error | undefined;
  response.on("error", (error) => {
    failure = error;
  });
  const read = async () => {
    if (failure !== undefined) throw failure;
    return (await buffer(response)).length;
  };
  return { read };
}

/** Resolves when nothing waits any more; `meanwhile` is called until then. */
async function untilNothingWaits(budget: TransferBudget, meanwhile = () => {}): Promise<void> {
  while (budget.bytes > 0) {
    meanwhile();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("TransferBudget", () => {
  it("counts what waits, and nothing once it is read or its caller has left", async () => {
    const { budget, callers } = await serve({ maxBytes: 10 * responseBytes });
    const [read, left] = [await callers["HTTP/1.1"](), await callers["HTTP/2"]()];
    expect(budget.bytes).toBeGreaterThan(responseBytes);
    expect((await buffer(read)).length).toBe(responseBytes);
    (left as http2.ClientHttp2Stream).close(http2.constants.NGHTTP2_CANCEL);
    await untilNothingWaits(budget);
  });

  it.each(["HTTP/1.1", "HTTP/2"] as const)(
    "gives up a response over %s of which nothing is taken for a minute",
    async (protocol) => {
      const { budget, clock, callers } = await serve({ maxBytes: 10 * responseBytes });
      const response = toBeRead(await callers[protocol]());
      await untilNothingWaits(budget, () => {
        clock.ms += 60_000;
      });
      await expect(response.read()).rejects.toThrow(/aborted|ENHANCE_YOUR_CALM/);
    },
  );

  it("keeps the one response that waits, however large, while there is only that", async () => {
    const { callers } = await serve({ maxBytes: responseBytes / 10 });
    expect((await buffer(await callers["HTTP/1.1"]())).length).toBe(responseBytes);
  });

  it("gives up what may stay unread only when too much waits, and then before all others", async () => {
    const clock = { ms: 0 };
    const budget = new TransferBudget({ maxBytes: 100, log: silentLog, elapsedMs: () => clock.ms });
    const given: string[] = [];
    const open = (name: string, mayStay: boolean) => {
      const response = Object.assign(new EventEmitter(), { req: { socket: { destroy: () => given.push(name) } } });
      return budget.open(response as unknown as NodeResponse, { mayStay });
    };
    const waiting = open("response", false);
    open("follower", true).add(60);
    clock.ms += 3_600_000;
    waiting.add(30);
    expect(given).toEqual([]);
    clock.ms += 6000;
    waiting.add(20);
    expect(given).toEqual(["follower"]);
    expect(budget.bytes).toBe(50);
    const reading = open("reading follower", true);
    reading.add(60);
    clock.ms += 4000;
    waiting.add(1);
    expect(given).toEqual(["follower"]);
    reading.add(200);
    expect(given).toEqual(["follower", "reading follower"]);
  });

  it("gives up at once what was left the longest when twice as much waits as may", async () => {
    const { clock, callers } = await serve({ maxBytes: responseBytes });
    const responses = [];
    for (let count = 0; count < 3; count += 1) {
      responses.push(toBeRead(await callers["HTTP/2"]()));
      clock.ms += 1;
    }
    const read = await Promise.allSettled(responses.map((response) => response.read()));
    const [lost, ...others] = read.sort((a, b) => Number(b.status === "rejected") - Number(a.status === "rejected"));
    expect(String(lost?.status === "rejected" && lost.reason)).toContain("ENHANCE_YOUR_CALM");
    expect(others).toEqual(Array(2).fill({ status: "fulfilled", value: responseBytes }));
  });
});
