import http2 from "node:http2";
import net from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { connectRaw } from "../../server/raw-client.ts";
import { errorInfo, failureOf, TestManager } from "../test-manager.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
});
afterAll(() => manager[Symbol.asyncDispose]());

interface Details {
  readonly reason?: string;
  readonly fieldViolations?: { field: string; description: string }[];
}

async function send(method: string, path: string, options: { body?: string | Buffer; headers?: object } = {}) {
  const { body, headers = {} } = options;
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(`${manager.url}${path}`, {
    method,
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const json = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, allow: response.headers.get("allow"), text, json };
}

/** The request line and headers as they stand here; the response's status line and body. */
async function raw(lines: string[]): Promise<string> {
  const socket = net.connect(manager.app.port, "127.0.0.1");
  socket.end(`${lines.join("\r\n")}\r\n\r\n`);
  return (await socket.toArray()).join("");
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

const reasonOf = (json: { details: Details[] }) => json.details[0]?.reason;
const violation = (json: { details: Details[] }) => json.details[1]?.fieldViolations?.[0];
const rpc = (method: string) => `/${ManagerService.typeName}/${method}`;

describe("A request that no route takes", () => {
  it.each([
    ["GET", "/nope", 404, Code.NotFound, "ROUTE_NOT_FOUND"],
    ["GET", "//servers", 404, Code.NotFound, "ROUTE_NOT_FOUND"],
    ["GET", "/servers/", 404, Code.NotFound, "ROUTE_NOT_FOUND"],
    ["GET", "/servers/%zz", 404, Code.NotFound, "ROUTE_NOT_FOUND"],
    ["DELETE", "/servers/x", 405, Code.Unimplemented, "METHOD_NOT_ALLOWED"],
    ["GET", "/servers/x/stop", 405, Code.Unimplemented, "METHOD_NOT_ALLOWED"],
    ["POST", "/health", 405, Code.Unimplemented, "METHOD_NOT_ALLOWED"],
  ])("%s %s is a google.rpc.Status", async (method, path, status, code, reason) => {
    const received = await send(method, path);
    expect([received.status, received.json.code, reasonOf(received.json)]).toEqual([status, code, reason]);
    if (status === 405) expect(received.allow).toMatch(/^(?:GET, HEAD|POST)$/);
  });

  it("for another origin or host says so", async () => {
    const origin = await send("POST", "/servers/x/stop", { headers: { origin: "https://evil.example" } });
    expect([origin.status, reasonOf(origin.json)]).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
    const host = await raw(["GET /health HTTP/1.1", "Host: evil.example", "Connection: close"]);
    expect(host).toMatch(/^HTTP\/1\.1 421 /);
    expect(host).toContain("HOST_NOT_ALLOWED");
  });

  it("for an unknown RPC is UNIMPLEMENTED over Connect and gRPC", async () => {
    const connect = await send("POST", rpc("Frobnicate"), { body: "{}" });
    expect(connect).toMatchObject({ status: 404, json: { code: "unimplemented" } });
    const session = http2.connect(manager.url);
    const stream = session.request({
      ":method": "POST",
      ":path": rpc("Frobnicate"),
      "content-type": "application/grpc",
    });
    const headers = Promise.withResolvers<http2.IncomingHttpHeaders>();
    stream.on("response", headers.resolve);
    stream.end();
    const received = await headers.promise;
    expect(received).toMatchObject({ ":status": 200, "grpc-status": String(Code.Unimplemented) });
    const details = Buffer.from(String(received["grpc-status-details-bin"]), "base64").toString("latin1");
    expect(details).toContain("NOT_IMPLEMENTED");
    session.destroy();
  });

  it.each([false, true])(
    "for an unknown stream is UNIMPLEMENTED to clients of Connect (binary: %s)",
    async (binary) => {
      const transport = createConnectTransport({ baseUrl: manager.url, httpVersion: "1.1", useBinaryFormat: binary });
      const unknown = { ...ManagerService.method.watch, name: "Frobnicate" };
      const stream = async () => {
        const { message } = await transport.stream(unknown, undefined, undefined, undefined, once({}));
        return Array.fromAsync(message);
      };
      const failure = await failureOf(stream());
      expect(errorInfo(failure)).toMatchObject({ code: Code.Unimplemented, reason: "NOT_IMPLEMENTED" });
      expect(failure.rawMessage).toBe("there is no RPC mcpmanager.v1.ManagerService/Frobnicate");
    },
  );

  it("for an RPC by another method or content type says so", async () => {
    const put = await send("PUT", rpc("Get"), { body: "{}" });
    expect([put.status, put.allow, put.json.code]).toEqual([405, "GET, POST", "unimplemented"]);
    const call = await send("GET", rpc("CallTool"));
    expect([call.status, call.allow]).toEqual([405, "POST"]);
    const text = await send("POST", rpc("Get"), { body: "{}", headers: { "content-type": "text/plain" } });
    expect([text.status, text.json.code]).toEqual([415, "invalid_argument"]);
    const get = await send("GET", rpc("List"));
    expect([get.status, get.json.code]).toEqual([415, "invalid_argument"]);
    expect(get.json.message).toContain("?encoding=json&message={}");
  });
});

describe("A packed request", () => {
  it.each([
    ["Connect", "application/json", "content-encoding"],
    ["gRPC-Web", "application/grpc-web+json", "grpc-encoding"],
  ])("is told which encoding is taken over %s", async (_protocol, type, header) => {
    const headers = { "content-type": type, [header]: "gzip" };
    const response = await fetch(`${manager.url}${rpc("Get")}`, { method: "POST", headers, body: "{}" });
    const said = [await response.text(), response.headers.get("grpc-message")].join();
    expect(said.replaceAll("%20", " ")).toContain("supported encodings are identity");
  });
});

describe("A deadline that is none", () => {
  it.each(["Get", "CallTool"])("is not blamed on the body of %s", async (name) => {
    const received = await send("POST", rpc(name), { body: "{}", headers: { "connect-timeout-ms": "soon" } });
    expect([received.status, received.json.message]).toEqual([400, expect.stringContaining("timeout")]);
  });
});

describe("A body of nothing", () => {
  it("is no JSON message for an RPC", async () => {
    const { status, json } = await send("POST", rpc("Get"), { body: "" });
    expect([status, json.message]).toEqual([400, "body: is not JSON"]);
  });
});

describe("A REST body that is no object", () => {
  it.each(["null", "[]", '"x"', "1"])("%s is blamed as the body", async (body) => {
    for (const path of ["/servers/x/start", "/servers/x/stop"]) {
      const { status, json } = await send("POST", path, { body });
      expect([status, violation(json)]).toMatchObject([400, { field: "body", description: "must be a JSON object" }]);
    }
  });
});

describe("HEAD", () => {
  it.each(["/health", "/ready", "/servers"])("on %s answers as GET, without a body", async (path) => {
    expect(await send("HEAD", path)).toMatchObject({ status: 200, text: "" });
    const session = http2.connect(manager.url);
    const stream = session.request({ ":method": "HEAD", ":path": path });
    const headers = Promise.withResolvers<http2.IncomingHttpHeaders>();
    stream.on("response", headers.resolve);
    expect((await headers.promise)[":status"]).toBe(200);
    expect(await stream.toArray()).toEqual([]);
    session.destroy();
  });

  it("on a stream is refused", async () => {
    expect((await send("HEAD", "/watch")).status).toBe(405);
  });
});

describe("What is no request of HTTP/1.1", () => {
  const tooLarge = `X-Big: ${"x".repeat(20_000)}`;

  it.each([
    ["a header that is too large", ["GET /servers HTTP/1.1", "Host: localhost", tooLarge], 431, 8, "HEADERS_TOO_LARGE"],
    ["a line that is none", ["hello there"], 400, 3, "INVALID_REQUEST"],
    ["a header that is none", ["GET /servers HTTP/1.1", "Host localhost"], 400, 3, "INVALID_REQUEST"],
    ["two lengths", ["POST /x HTTP/1.1", "Content-Length: 1", "Content-Length: 2"], 400, 3, "INVALID_REQUEST"],
    ["two Hosts", ["GET /servers HTTP/1.1", "Host: localhost", "Host: evil.example"], 400, 3, "INVALID_REQUEST"],
    ["a path with dots", ["GET /x/../servers HTTP/1.1", "Host: localhost"], 400, 3, "INVALID_REQUEST"],
    ["a path with hidden dots", ["GET /servers/%2e%2E/watch HTTP/1.1", "Host: localhost"], 400, 3, "INVALID_REQUEST"],
    ["a tunnel", ["CONNECT localhost:80 HTTP/1.1", "Host: localhost"], 405, 12, "METHOD_NOT_ALLOWED"],
    ["no Host", ["GET /servers HTTP/1.1"], 421, 7, "HOST_NOT_ALLOWED"],
  ])("%s is answered with a google.rpc.Status", async (_what, lines, status, code, reason) => {
    const [head, body] = split(await raw(lines));
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/content-type: application\/json/i);
    expect(body).toMatchObject({ code, details: [{ reason, metadata: { delivery: "not_sent" } }] });
  });

  it("on the path of an RPC is answered in the words of Connect", async () => {
    const [head, body] = split(await raw([`POST ${rpc("List")} HTTP/1.1`, "Host: localhost", tooLarge]));
    expect(head).toMatch(/^HTTP\/1\.1 431 /);
    expect(body).toMatchObject({ code: "resource_exhausted", details: [{ type: "google.rpc.ErrorInfo" }] });
  });

  it("is told to a Connect client by its code and reason", async () => {
    const transport = createConnectTransport({ baseUrl: manager.url, httpVersion: "1.1" });
    const client = createClient(ManagerService, transport);
    const failure = await failureOf(client.list({}, { headers: { "x-big": "x".repeat(20_000) } }));
    expect(errorInfo(failure)).toMatchObject({ code: Code.ResourceExhausted, reason: "HEADERS_TOO_LARGE" });
  });

  it("reaches its sender, however much it still sends", async () => {
    const client = await connectRaw(manager.app.port);
    client.socket.write(`GET /servers HTTP/1.1\r\nHost: localhost\r\nX-Big: ${"x".repeat(2_000_000)}`);
    await client.until("HEADERS_TOO_LARGE");
    client.socket.end();
    await client.closed;
  });

  it("that expects what nobody knows is served all the same", async () => {
    const received = await raw([
      "GET /health HTTP/1.1",
      "Host: localhost",
      "Expect: the-unexpected",
      "Connection: close",
    ]);
    expect(received).toContain('{"status":"ok"}');
  });
});

function split(received: string): [head: string, body: unknown] {
  const [head = "", body = ""] = received.split("\r\n\r\n");
  return [head, JSON.parse(body.replace(/^[0-9a-f]+\r\n/, ""))];
}

describe("A target that is a whole URL", () => {
  it("is taken, and its host judged", async () => {
    const { port } = manager.app;
    const ours = await raw([`GET http://127.0.0.1:${port}/health HTTP/1.1`, "Host: evil.example", "Connection: close"]);
    expect(ours).toContain('{"status":"ok"}');
    const foreign = await raw([
      "GET http://evil.example/health HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Connection: close",
    ]);
    expect(foreign).toMatch(/^HTTP\/1\.1 421 /);
  });

  it("needs no Host besides, for an RPC either", async () => {
    const { port } = manager.app;
    const target = `http://127.0.0.1:${port}${rpc("List")}`;
    const head = [`POST ${target} HTTP/1.1`, "Content-Type: application/json", "Connection: close"];
    expect(await raw([...head, "Content-Length: 2", "", "{}"])).toContain("HTTP/1.1 200 OK");
  });

  it("that is no URL is refused, and the manager lives", async () => {
    const session = http2.connect(manager.url);
    session.on("error", () => {});
    const stream = session.request({ ":scheme": "foo", ":path": ":99999999", ":authority": "localhost" });
    const headers = Promise.withResolvers<http2.IncomingHttpHeaders>();
    stream.on("response", headers.resolve);
    stream.on("error", headers.reject);
    expect((await headers.promise)[":status"]).toBe(400);
    session.destroy();
    expect((await send("GET", "/health")).status).toBe(200);
  });
});

const badFields: [what: string, body: object, field: string, description: RegExp][] = [
  ["an unknown key", { imagee: "x" }, "spec.imagee", /not a known field/],
  ["a string for a list", { image: "x", args: "a" }, "spec.args", /must be a list/],
  ["a number in a list", { image: "x", args: ["a", 5] }, "spec.args[1]", /must be a string/],
  ["an unknown enum value", { pullPolicy: "SOMETIMES" }, "spec.pull_policy", /PULL_POLICY_NEVER/],
  ["a duration without its unit", { handshake_timeout: "5" }, "spec.handshake_timeout", /duration in seconds/],
  ["a duration with a tail", { handshake_timeout: "5s later" }, "spec.handshake_timeout", /duration in seconds/],
  ["two durations in one", { restart: { maxBackoff: "5s500ms" } }, "spec.restart.max_backoff", /duration in seconds/],
  ["a duration of too many digits", { call_timeout: "1.0000000001s" }, "spec.call_timeout", /duration in seconds/],
  ["a text for a number", { limits: { cpus: "two" } }, "spec.limits.cpus", /must be a number/],
  ["a fraction for an integer", { limits: { pids: 1.5 } }, "spec.limits.pids", /integer of 64 bits/],
  ["an unknown key in a list", { mounts: [{ typ: 1 }] }, "spec.mounts[0].typ", /not a known field/],
  ["two kinds of network", { network: { none: {}, bridge: {} } }, "spec.network.bridge", /together with none/],
  ["a number in a map", { env: { A: 1 } }, 'spec.env["A"]', /must be a string/],
  [
    "a kind of network beside null",
    { network: { none: null, bridge: {} } },
    "spec.network.bridge",
    /together with none/,
  ],
  ["null in both spellings", { pullPolicy: null, pull_policy: null }, "spec.pull_policy", /must be given once/],
  ["a field given in both spellings", { pullPolicy: 1, pull_policy: 1 }, "spec.pull_policy", /must be given once/],
];

describe("A spec with", () => {
  it.each(badFields)(
    "%s is refused with the field's path, over REST and Connect",
    async (_what, spec, field, description) => {
      const rest = await send("POST", "/servers/x/start", { body: JSON.stringify(spec) });
      expect([rest.status, violation(rest.json)]).toEqual([
        400,
        { field, description: expect.stringMatching(description) },
      ]);
      const connect = await send("POST", rpc("Start"), { body: JSON.stringify({ name: "x", spec }) });
      expect(connect).toMatchObject({ status: 400, json: { code: "invalid_argument" } });
      expect(connect.json.message).toMatch(new RegExp(description));
      expect(connect.json.message.startsWith(`${field}: `)).toBe(true);
      expect(connect.json.details.map(({ type }: { type: string }) => type)).toEqual([
        "google.rpc.ErrorInfo",
        "google.rpc.BadRequest",
      ]);
    },
  );

  it("what the process runtime has not is told that before what the operator does not allow", async () => {
    const spec = { image: "x", command: ["true"], capAdd: ["CHOWN"], network: { bridge: {} }, readOnlyRoot: false };
    const { status, json } = await send("POST", "/servers/x/start", { body: JSON.stringify(spec) });
    expect([status, reasonOf(json)]).toEqual([400, "INVALID_REQUEST"]);
  });
});

const repeated: [what: string, route: string, method: string, rest: string, connect: string, field: string][] = [
  [
    "a field of the spec",
    "start",
    "Start",
    '{"image":"a","image":"b"}',
    '{"spec":{"image":"a","image":"b"},"name":"x"}',
    "spec.image",
  ],
  [
    "a variable",
    "start",
    "Start",
    '{"image":"a","env":{"A":"1","B":"2","\\u0041":"3"}}',
    '{"name":"x","spec":{"env":{"A":"1","A":"2"}}}',
    'spec.env["A"]',
  ],
  [
    "a tool's argument",
    "call",
    "CallTool",
    '{"tool":"t","arguments":{"list":[{},{"path":1,"path":2}]}}',
    '{"server":"x","tool":"t","arguments":{"list":[{},{"path":1,"path":2}]}}',
    "arguments.list[1].path",
  ],
  [
    "a field of the request",
    "stop",
    "Stop",
    '{"gracePeriod":"1s","gracePeriod":"1s"}',
    '{"gracePeriod":"1s","gracePeriod":"1s"}',
    "grace_period",
  ],
];

describe("A member that is given twice:", () => {
  it.each(repeated)(
    "%s is refused with its path, over REST and Connect",
    async (_what, route, method, rest, connect, field) => {
      const expected = { field, description: "must be given once" };
      const overRest = await send("POST", `/servers/x/${route}`, { body: rest });
      expect([overRest.status, violation(overRest.json)]).toEqual([400, expected]);
      const overConnect = await send("POST", rpc(method), { body: connect });
      expect(overConnect.json).toMatchObject({
        code: "invalid_argument",
        message: `${field}: must be given once`,
        details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.BadRequest" }],
      });
    },
  );

  it("in a stream's request, too", async () => {
    const text = Buffer.from('{"server":"x","server":"y"}');
    const body = Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), text]);
    const headers = { "content-type": "application/connect+json" };
    const stream = await fetch(`${manager.url}${rpc("Logs")}`, { method: "POST", headers, body });
    expect(await stream.text()).toContain("server: must be given once");
  });

  it.each(["", "&base64=1"])("in the query of a GET over Connect (%s), too", async (base64) => {
    const text = '{"name":"x","name":"y"}';
    const message = base64 === "" ? encodeURIComponent(text) : Buffer.from(text).toString("base64url");
    const received = await send("GET", `${rpc("Get")}?connect=v1&encoding=json&message=${message}${base64}`);
    expect(received.json).toMatchObject({ code: "invalid_argument", message: "name: must be given once" });
  });

  it("in arguments_json is the server's business", async () => {
    const body = JSON.stringify({ server: "nobody", tool: "t", argumentsJson: '{"a":1,"a":2}' });
    expect((await send("POST", rpc("CallTool"), { body })).json).toMatchObject({ code: "not_found" });
  });
});

describe("A body", () => {
  it("that is null, packed, or where none belongs is refused", async () => {
    expect((await send("POST", "/servers/x/start", { body: "null" })).status).toBe(400);
    const packed = await send("POST", "/servers/x/call", { body: "{}", headers: { "content-encoding": "gzip" } });
    expect([packed.status, reasonOf(packed.json)]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    const get = await raw([
      "GET /servers HTTP/1.1",
      "Host: localhost",
      "Connection: close",
      "Content-Length: 2",
      "",
      "{}",
    ]);
    expect(get).toMatch(/^HTTP\/1\.1 400 /);
    const query = await send("POST", "/servers/x/stop?grace_period=0s");
    expect([query.status, violation(query.json)?.field]).toEqual([400, "grace_period"]);
  });

  it("that is not UTF-8 is refused over Connect, unary and streaming", async () => {
    const text = Buffer.from('{"name":"caf\xe9"}', "latin1");
    const unary = await send("POST", rpc("Get"), { body: text });
    expect(unary).toMatchObject({ status: 400, json: { code: "invalid_argument", message: "body: is not UTF-8" } });
    const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), text]);
    const stream = await fetch(`${manager.url}${rpc("Logs")}`, {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: envelope,
    });
    expect(await stream.text()).toContain("invalid_argument");
  });

  it("of a stream over Connect with a misspelt field names it", async () => {
    const text = Buffer.from('{"servr":"x"}');
    const stream = await fetch(`${manager.url}${rpc("Logs")}`, {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), text]),
    });
    expect(await stream.text()).toContain("servr: is not a known field");
  });
});
