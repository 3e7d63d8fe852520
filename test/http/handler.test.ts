import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guard } from "../../src/http/guard.ts";
import { guarded } from "../../src/http/handler.ts";
import { refuseUnknownPath } from "../../src/http/refuse.ts";
import type { NodeHandler } from "../../src/server/handlers/node-handler.ts";
import { Listener } from "../../src/server/listener.ts";

let listener: Listener;
let handled = 0;

beforeAll(async () => {
  const handler: NodeHandler = (request, response) => {
    handled += 1;
    if (request.url?.startsWith("/here")) response.end("here");
    else refuseUnknownPath(request, response);
  };
  const options = { allowedHosts: [], corsOrigins: ["https://console.example"] };
  listener = await Listener.open({ host: "127.0.0.1", port: 0, handler: guarded(handler, new Guard(options)) });
});

afterAll(() => listener.close({ graceMs: 0 }));

interface Received {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

async function send(options: http.RequestOptions, body = ""): Promise<Received> {
  const request = http.request({ host: "127.0.0.1", port: listener.port, path: "/here", agent: false, ...options });
  request.end(body);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const text = (await response.toArray()).join("");
  return { status: response.statusCode, headers: response.headers, text };
}

const allowed = { origin: "https://console.example" };

describe("guarded", () => {
  it("hands on requests to loopback names", async () => {
    expect(await send({})).toMatchObject({ status: 200, text: "here" });
    expect(await send({ headers: { host: "localhost:1" } })).toMatchObject({ status: 200 });
  });

  it("refuses a page whose name was rebound to this machine", async () => {
    const before = handled;
    expect(await send({ headers: { host: `evil.example:${listener.port}` } })).toMatchObject({
      status: 421,
      text: expect.stringContaining("HOST_NOT_ALLOWED"),
    });
    expect(handled).toBe(before);
  });

  it("refuses a rebound name over HTTP/2, too", async () => {
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const stream = session.request({ ":path": "/here", ":authority": "evil.example" });
    stream.end();
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(421);
    session.destroy();
  });

  it.each(["POST", "GET", "OPTIONS", "DELETE"])(
    "refuses a %s of a foreign page, without a body too",
    async (method) => {
      const before = handled;
      const received = await send({ method, headers: { origin: "https://evil.example" } });
      expect(received).toMatchObject({ status: 403, text: expect.stringContaining("ORIGIN_NOT_ALLOWED") });
      expect(received.headers).not.toHaveProperty("access-control-allow-origin");
      expect(handled).toBe(before);
    },
  );

  it("keeps a connection in order whose refused request has a body", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const headers = { origin: "https://evil.example", "content-type": "text/plain" };
    expect(await send({ method: "POST", headers, agent }, "x".repeat(100_000))).toMatchObject({ status: 403 });
    expect(await send({ agent })).toMatchObject({ status: 200 });
    agent.destroy();
  });

  it("answers the preflight of an allowed page itself", async () => {
    const before = handled;
    const received = await send({
      method: "OPTIONS",
      headers: {
        ...allowed,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(received.status).toBe(204);
    expect(received.headers).toMatchObject({
      "access-control-allow-origin": "https://console.example",
      "access-control-max-age": "7200",
      vary: "Origin",
    });
    expect(received.headers["access-control-allow-methods"]).toContain("POST");
    const taken = received.headers["access-control-allow-headers"]?.toLowerCase().split(", ");
    expect(taken).toEqual(expect.arrayContaining(["content-type", "traceparent", "tracestate", "baggage"]));
    expect(received.headers).not.toHaveProperty("access-control-allow-credentials");
    expect(handled).toBe(before);
  });

  it("lets an allowed page read the response", async () => {
    const received = await send({ headers: allowed });
    expect(received).toMatchObject({ status: 200, text: "here" });
    expect(received.headers["access-control-allow-origin"]).toBe("https://console.example");
    expect(received.headers["access-control-expose-headers"]?.toLowerCase()).toContain("grpc-status");
  });

  it("says nothing of origins to those who have none", async () => {
    const { headers } = await send({});
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("guarded, against pages of other sites,", () => {
  const pages = {
    image: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
    "link to it": { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
    "page of another port": { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
  };

  it.each(Object.entries(pages))("refuses what an %s asks for, by any method", async (_page, headers) => {
    const before = handled;
    for (const method of ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PROPFIND"]) {
      const received = await send({ method, headers });
      expect([received.status, handled]).toEqual([403, before]);
      if (method !== "HEAD") expect(received.text).toContain("ORIGIN_NOT_ALLOWED");
    }
  });

  it("refuses it over HTTP/2, too", async () => {
    const before = handled;
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const stream = session.request({ ":path": "/here", "sec-fetch-site": "cross-site" });
    const [headers] = await once(stream, "response");
    expect([headers[":status"], handled]).toEqual([403, before]);
    session.destroy();
  });

  it("refuses a Sec-Fetch-Site that is given twice", async () => {
    const before = handled;
    const received = await send({ headers: ["Host", "localhost", "Sec-Fetch-Site", "none", "Sec-Fetch-Site", "none"] });
    expect([received.status, handled]).toEqual([403, before]);
  });

  it("serves a person who types the address, and a page of its own", async () => {
    for (const site of ["none", "same-origin"]) {
      expect(await send({ headers: { "sec-fetch-site": site } })).toMatchObject({ status: 200 });
    }
  });

  it("serves an allowed page, whichever site it is of", async () => {
    const headers = { ...allowed, "sec-fetch-site": "cross-site" };
    expect(await send({ headers })).toMatchObject({ status: 200, text: "here" });
    expect(await send({ method: "OPTIONS", headers })).toMatchObject({ status: 204 });
  });
});

describe("Every response", () => {
  const closed = { "x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin" };

  it.each([
    ["of a handler", {}],
    ["that there is no such path", { path: "/nowhere" }],
    ["to a target of dots", { path: "/a/../here" }],
    ["to two Host headers", { headers: ["Host", "localhost", "Host", "localhost"] }],
    ["to a rebound name", { headers: { host: "evil.example" } }],
    ["to a foreign page", { headers: { origin: "https://evil.example" } }],
    ["to an allowed page", { headers: allowed }],
    ["to a preflight", { method: "OPTIONS", headers: allowed }],
    ["to an expectation that nobody knows", { headers: { expect: "a miracle" } }],
  ] as [string, http.RequestOptions][])("%s is nothing but what it says, and no other site's", async (_of, options) => {
    expect((await send(options)).headers).toMatchObject(closed);
  });

  it.each([
    ["", { ":path": "/here" }],
    [" to CONNECT", { ":method": "CONNECT", ":authority": "localhost" }],
    [" to an expectation that nobody knows", { ":path": "/here", expect: "a miracle" }],
  ])("over HTTP/2%s is, too", async (_to, headers) => {
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const [received] = await once(session.request(headers), "response");
    expect(received).toMatchObject(closed);
    session.destroy();
  });
});

describe("notFound", () => {
  it("names the path without its query", async () => {
    expect(await send({ path: "/nowhere?token=secret" })).toMatchObject({
      status: 404,
      text: expect.stringContaining('no such path: /nowhere"'),
    });
  });
});
