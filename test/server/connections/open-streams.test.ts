import { once } from "node:events";
import http2 from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import type { NodeHandler, NodeResponse } from "../../../src/server/handlers/node-handler.ts";
import { Listener, type ListenOptions } from "../../../src/server/listener.ts";

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = http2.constants;

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** A client of a listener with these limits, by which nothing else of a request or a response ends. */
async function connect(
  openStreams: ListenOptions["openStreams"],
  options: { handler: NodeHandler; settings?: http2.Settings },
): Promise<http2.ClientHttp2Session> {
  const { handler, settings = {} } = options;
  const listener = await Listener.open({
    host: "127.0.0.1",
    port: 0,
    handler,
    openStreams: { checkMs: 5, ...openStreams },
  });
  const session = http2.connect(`http://127.0.0.1:${listener.port}`, { settings });
  opened.push({
    async [Symbol.asyncDispose]() {
      session.destroy();
      await listener.close({ graceMs: 0 });
    },
  });
  await once(session, "remoteSettings");
  return session;
}

/** How a stream ends. */
async function endOf(stream: http2.ClientHttp2Stream): Promise<number | undefined> {
  stream.on("error", () => {});
  stream.resume();
  await new Promise((resolve) => stream.once("close", resolve));
  return stream.rstCode;
}

const post = { ":method": "POST", ":path": "/" };
/** Waits for the request's body before it answers. */
const reading: NodeHandler = (request, response) => void request.resume().on("end", () => response.end("whole"));

describe("A stream of HTTP/2", () => {
  it("of which nothing comes after its headers is ended, and its neighbours go on", async () => {
    const asked = Promise.withResolvers<NodeResponse>();
    const session = await connect(
      { beginMs: 40 },
      {
        handler: (request, response) => {
          if (request.url === "/waits") asked.resolve(response);
          else reading(request, response);
        },
      },
    );
    const waiting = session.request({ ":path": "/waits" });
    expect(await endOf(session.request(post, { endStream: false }))).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
    (await asked.promise).end("still here");
    expect((await waiting.toArray()).join("")).toBe("still here");
  });

  it("whose request nobody reads is ended, too", async () => {
    const session = await connect({ beginMs: 40 }, { handler: () => {} });
    expect(await endOf(session.request(post, { endStream: false }))).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it("that has begun its request has time for the rest, and no more than that", async () => {
    const session = await connect({ beginMs: 20, wholeMs: 300 }, { handler: reading });
    const slow = session.request(post, { endStream: false });
    slow.write("begun");
    const whole = session.request(post, { endStream: false });
    whole.write("begun");
    // By then the first limit has passed.
    expect(await endOf(session.request(post, { endStream: false }))).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
    whole.end("and whole");
    expect((await whole.toArray()).join("")).toBe("whole");
    expect(await endOf(slow)).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it("whose response is there and is not taken is ended", async () => {
    const session = await connect(
      { beginMs: 20, untakenMs: 40 },
      { handler: (_request, response) => response.end("x".repeat(1000)), settings: { initialWindowSize: 0 } },
    );
    expect(await endOf(session.request({ ":path": "/" }))).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it("beyond as many as may be open is refused, so that its caller may try again", async () => {
    const responses: NodeResponse[] = [];
    const session = await connect({ maxOpen: 2 }, { handler: (_request, response) => responses.push(response) });
    const first = [1, 2].map(() => session.request({ ":path": "/" }));
    expect(await endOf(session.request({ ":path": "/" }))).toBe(NGHTTP2_REFUSED_STREAM);
    for (const response of responses) response.end("here");
    for (const stream of first) expect((await stream.toArray()).join("")).toBe("here");
    const next = session.request({ ":path": "/" });
    await expect.poll(() => responses.length).toBe(3);
    responses[2]?.end("again");
    expect((await next.toArray()).join("")).toBe("again");
  });

  it("may have 999 beside it on its connection", async () => {
    const session = await connect({}, { handler: () => {} });
    expect(session.remoteSettings.maxConcurrentStreams).toBe(1000);
  });
});
