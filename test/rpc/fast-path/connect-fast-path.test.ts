import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { describe, expect, it, vi } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { silentLog } from "../../../src/base/log/log.ts";
import { connectFastPath } from "../../../src/rpc/fast-path/connect-fast-path.ts";
import type { Mount, NodeHandler } from "../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../src/server/listener.ts";
import { bodyOf } from "../../../src/server/requests/node-body.ts";
import { TransferBudget } from "../../../src/server/responses/transfer-budget.ts";
import { connectRaw } from "../../server/raw-client.ts";
import { anOperation, openCall } from "../a-call.ts";
import { bothPaths } from "./both-paths.ts";

const managers = bothPaths();

const portOf = (url: string) => Number(new URL(url).port);

/** All that comes for these bytes until the connection ends, each piece in a segment of its own. */
async function ask(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  return Buffer.concat(chunks).toString("latin1");
}

interface Plain {
  readonly body?: string | Buffer;
  readonly headers?: readonly string[];
  readonly path?: string;
  readonly method?: string;
  readonly type?: string;
  readonly version?: string;
  readonly last?: boolean;
}

/** The bytes of one request, the last one of its connection unless told otherwise. */
function requestOf({
  body = call(),
  headers = [],
  path = "/mcpmanager.v1.ManagerService/CallTool",
  method = "POST",
  type = "application/json",
  version = "1.1",
  last = true,
}: Plain): Buffer {
  const bytes = Buffer.from(body);
  const length = headers.some((header) => /^(content-length|transfer-encoding):/i.test(header))
    ? []
    : [`content-length: ${bytes.length}`];
  const lines = [
    `${method} ${path} HTTP/${version}`,
    "host: localhost",
    `content-type: ${type}`,
    ...length,
    ...(last ? ["connection: close"] : []),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

function call(text: unknown = "héllo", more: object = {}): string {
  return JSON.stringify({ server: "h", tool: "echo", arguments: { text }, ...more });
}

const levels = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const withArguments = (json: string) => `{"server":"h","tool":"echo","arguments":{"text":${json}}}`;
const eachByte = (bytes: Buffer) => [...bytes].map((byte) => Buffer.from([byte]));
const chunked = (...chunks: string[]) =>
  [...chunks, ""].map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join("");

/** Without what differs from response to response: the date, the ids of instances, in errors also as base64, the port. */
function steady(received: string): string {
  return received
    .replaceAll(/^Date: .*\r\n/gim, "")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "")
    .replaceAll(/"value":"([A-Za-z0-9+/]*)"/g, (_all, base64: string) => {
      const bytes = Buffer.from(base64, "base64").toString("latin1");
      return bytes.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "");
    });
}

/** The head's lines in any order: HTTP gives it no meaning. */
function inOrder(received: string): string {
  return received
    .split("\r\n\r\n")
    .map((part) => part.split("\r\n").sort().join("\n"))
    .join("\n\n");
}

describe("By Connect with JSON the fast path answers as the RPC library does", () => {
  it.each<[string, Plain, RegExp]>([
    ["a call", {}, /^HTTP\/1.1 200 /],
    ["the content type with its charset", { type: "application/json; charset=utf-8" }, / 200 /],
    ["the content type in capitals", { type: "Application/JSON" }, / 200 /],
    ["another charset", { type: "application/json; charset=latin1" }, / 415 /],
    ["the protocol's version", { headers: ["connect-protocol-version: 1"] }, / 200 /],
    ["a version that there is not", { headers: ["connect-protocol-version: 2"] }, / 200 /],
    ["accepted encodings", { headers: ["accept-encoding: gzip, br"] }, / 200 /],
    ["a packed body", { headers: ["content-encoding: gzip"] }, / 501 /],
    ["a body packed by nothing", { headers: ["content-encoding: identity"] }, / 200 /],
    ["HTTP/1.0", { version: "1.0" }, / 200 /],
    ["GET", { method: "GET" }, / 4\d\d /],
    ["PUT", { method: "PUT" }, / 4\d\d /],
    ["a query", { path: "/mcpmanager.v1.ManagerService/CallTool?a=b" }, / 200 /],
    ["no RPC", { path: "/mcpmanager.v1.ManagerService/Nope" }, / 404 /],
    ["a stream's path", { path: "/mcpmanager.v1.ManagerService/CallToolStream" }, / 415 /],
    [
      "another RPC",
      { path: "/mcpmanager.v1.ManagerService/Get", body: '{"name":"none"}' },
      /"not_found".*SERVER_NOT_FOUND/,
    ],
    ["an unknown tool", { body: call("x", { tool: "nope" }) }, / 200 | 4\d\d /],
    ["a tool that fails", { body: call("x", { tool: "fail" }) }, / 200 | 4\d\d /],
    ["a field that breaks its rule", { body: call("x", { tool: "" }) }, / 400 .*INVALID_REQUEST/s],
    ["an unknown field", { body: call("x", { nope: 1 }) }, /is not a known field/],
    ["a field of the wrong type", { body: call("x", { tool: 1 }) }, /must be a string/],
    ["a member twice", { body: '{"server":"h","server":"h","tool":"echo"}' }, /must be given once/],
    ["a member twice in the arguments", { body: withArguments('{"a":1,"a":2}') }, /must be given once/],
    ["a field by both of its names", { body: call("x", { resultFormat: 1, result_format: 1 }) }, /must be given once/],
    ["a null", { body: call("x", { idempotencyKey: null }) }, / 200 /],
    ["a member __proto__", { body: withArguments('{"__proto__":{"a":1}}') }, / 200 | 400 /],
    ["an empty body", { body: "" }, /is not JSON/],
    ["an empty message", { body: "{}" }, / 400 /],
    ["half a body's JSON", { body: call().slice(0, -3) }, /is not JSON/],
    ["two bodies", { body: call() + call() }, /is not JSON/],
    ["a list", { body: "[]" }, /must be a JSON object/],
    ["null", { body: "null" }, / 400 /],
    ["a byte order mark", { body: `\ufeff${call()}` }, / 200 /],
    ["bytes that are not UTF-8", { body: Buffer.concat([Buffer.from(call()), Buffer.from([0xff])]) }, /is not UTF-8/],
    ["half of a pair of surrogates", { body: call().replace("héllo", "\\ud800") }, / 200 | 400 /],
    ["128 levels", { body: withArguments(levels(120)) }, / 200 | 400 /],
    ["300 levels", { body: withArguments(levels(300)) }, / 400 /],
    ["a duration with a tail", { body: call("x", { timeout: "1s later" }) }, / 400 /],
    ["a body at the limit", { body: call().padEnd(65_536 - 1) }, / 200 /],
    ["a body above the limit", { body: call("x".repeat(70_000)) }, / 429 .*MCPM_MAX_REQUEST_BYTES/s],
    ["a chunked body", { headers: ["transfer-encoding: chunked"], body: chunked('{"server":', '"none"}') }, / 400 /],
    [
      "a chunked body above the limit",
      {
        headers: ["transfer-encoding: chunked"],
        body: chunked("x".repeat(40_000), "y".repeat(40_000), "z".repeat(40_000)),
      },
      / 429 /,
    ],
    ["a wish to be told to go on", { headers: ["expect: 100-continue"] }, /^HTTP\/1.1 100 .* 200 /s],
    ["a deadline that is none", { headers: ["connect-timeout-ms: 1s"] }, /invalid connect timeout/],
    ["a deadline below zero", { headers: ["connect-timeout-ms: -1"] }, /invalid connect timeout/],
    ["a deadline beyond a timer", { headers: ["connect-timeout-ms: 9999999999"] }, / 200 /],
    ["a deadline that passes", { body: call("x", { tool: "never" }), headers: ["connect-timeout-ms: 50"] }, / 504 /],
    ["a deadline of nothing", { headers: ["connect-timeout-ms: 0"] }, / 504 /],
    ["headers that come twice", { headers: ["a: 1", "a: 2", "traceparent: x"] }, / 200 /],
    ["metadata that looks like trailers", { headers: ["trailer-a: 1"] }, / 200 /],
    ["a foreign origin", { headers: ["origin: https://evil.example"] }, / 403 /],
  ])("%s", async (_what, plain, expected) => {
    const request = requestOf(plain);
    const received = await Promise.all(
      managers.map(async ({ url }) => inOrder(steady(await ask(portOf(url), [request])))),
    );
    expect(received[0]).toBe(received[1]);
    expect(await ask(portOf(managers[0]?.url ?? ""), [request])).toMatch(expected);
  });

  it("a call byte by byte", async () => {
    const pieces = eachByte(requestOf({}));
    const [fastPath, library] = await Promise.all(managers.map(({ url }) => ask(portOf(url), pieces)));
    expect(fastPath).toContain("héllo".replace("é", "\u00c3\u00a9"));
    expect(inOrder(steady(fastPath ?? ""))).toBe(inOrder(steady(library ?? "")));
  });

  it("two calls at once on one connection, in their order", async () => {
    const both = Buffer.concat([
      requestOf({ body: call("one"), last: false }),
      requestOf({ body: call("x".repeat(70_000)), last: false }),
      requestOf({ body: call("two") }),
    ]);
    const [fastPath, library] = await Promise.all(managers.map(({ url }) => ask(portOf(url), [both])));
    expect(fastPath).toMatch(/"one".*MCPM_MAX_REQUEST_BYTES.*"two"/s);
    expect(inOrder(steady(fastPath ?? ""))).toBe(inOrder(steady(library ?? "")));
  });

  it("a caller that leaves has its call cancelled", async () => {
    for (const { url, client } of managers) {
      const inFlight = async () => (await client.get({ name: "h" })).server?.callsInFlight;
      const raw = await connectRaw(portOf(url));
      raw.socket.write(requestOf({ body: call("x", { tool: "never" }) }));
      await vi.waitFor(async () => expect(await inFlight()).toBe(1n));
      raw.socket.destroy();
      await vi.waitFor(async () => expect(await inFlight()).toBe(0n));
    }
  });
});

describe("The fast path of Connect", () => {
  it("takes a plain call itself, and hands on what is not with all that was read of it", async () => {
    const bodies: string[] = [];
    const next = vi.fn<Mount>((request, response) => {
      void Array.fromAsync(bodyOf(request)).then((pieces) => {
        bodies.push(Buffer.concat(pieces).toString());
        response.end();
      });
      return true;
    });
    const desc = ManagerService.method.get;
    const handler = connectFastPath({
      methods: new Map([
        ["/mcpmanager.v1.ManagerService/Get", { kind: "unary", desc, call: () => ({ server: { name: "n" } }) }],
      ]),
      interceptors: [],
      maxRequestBytes: 64,
      operationOf: () => anOperation,
      openCall,
      budget: new TransferBudget({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => 0 }),
      next,
    });
    const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
    const path = "/mcpmanager.v1.ManagerService/Get";
    expect(await ask(listener.port, [requestOf({ path, body: '{"name":"n"}' })])).toContain('{"server":{"name":"n"}}');
    expect(next).not.toHaveBeenCalled();
    await ask(listener.port, [requestOf({ path, body: "nope" })]);
    const long = chunked("a".repeat(50), "b".repeat(50));
    await ask(listener.port, [requestOf({ path, headers: ["transfer-encoding: chunked"], body: long })]);
    expect(bodies).toEqual(["nope", "a".repeat(50) + "b".repeat(50)]);
    await listener.close({ graceMs: 0 });
  });

  it("begins no call for a caller that leaves in the turn in which its request ends", async () => {
    const call = vi.fn(() => ({}));
    const path = "/mcpmanager.v1.ManagerService/GetInfo";
    const fastPath = connectFastPath({
      methods: new Map([[path, { kind: "unary", desc: ManagerService.method.getInfo, call }]]),
      interceptors: [],
      maxRequestBytes: 64,
      operationOf: () => anOperation,
      openCall,
      budget: new TransferBudget({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => 0 }),
      next: vi.fn(),
    });
    // Seen among thousands of callers that leave at any moment; no client can bring it about for certain.
    const handler: NodeHandler = (request, response) => {
      fastPath(request, response);
      if ("stream" in response) request.once("end", () => response.stream.destroy());
    };
    const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
    await once(stream.end("{}"), "close");
    await new Promise((resolve) => setImmediate(resolve));
    expect(call).not.toHaveBeenCalled();
    session.destroy();
    await listener.close({ graceMs: 0 });
  });
});
