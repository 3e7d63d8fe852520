/**
 * The least that a manager on Node's HTTP servers has to do for a call: decode, give it an id, write its line, find the
 * reply by its id, encode. By gRPC over HTTP/2, and by JSON over HTTP/1.1; prints both ports. No checks, deadlines, limits,
 * errors: what it reaches is what any design can.
 */
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CallToolRequestSchema, CallToolResponseSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultKind } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { EchoContainer } from "../load/echo-container.ts";
import { firstId, shakeHands } from "../load/line-load.ts";

const envelopeBytes = 5;
const newline = 0x0a;

await using container = await EchoContainer.start();
const { lines } = container;
await shakeHands(lines);

const pending = new Map<number, (resultJson: string) => void>();
let nextId = firstId;
let outgoing = "";

function send(tool: string, argumentsJson: string, settle: (resultJson: string) => void): void {
  const id = nextId++;
  pending.set(id, settle);
  if (outgoing === "") {
    setImmediate(() => {
      lines.write(outgoing);
      outgoing = "";
    });
  }
  outgoing += `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":${argumentsJson}}}\n`;
}

let rest: Buffer = Buffer.alloc(0);
lines.read((chunk) => {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    take(bytes.toString("utf8", start, end));
    start = end + 1;
  }
  rest = Buffer.from(bytes.subarray(start));
});

/** As the SDK writes it: the result comes first, and the id last. */
function take(line: string): void {
  const [, resultJson = "", id] = /^\{"result":(.*),"jsonrpc":"2.0","id":([0-9]+)\}$/s.exec(line) ?? [];
  const settle = pending.get(Number(id));
  pending.delete(Number(id));
  settle?.(resultJson);
}

const grpc = http2.createServer();
grpc.on("stream", (stream) => {
  const chunks: Buffer[] = [];
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const { tool, input } = fromBinary(CallToolRequestSchema, Buffer.concat(chunks).subarray(envelopeBytes));
    send(tool, String(input.value), (resultJson) => answerGrpc(stream, resultJson));
  });
});

function answerGrpc(stream: http2.ServerHttp2Stream, resultJson: string): void {
  if (stream.destroyed) return;
  const response = create(CallToolResponseSchema, { resultJson, resultKind: ResultKind.COMPLETE });
  const message = toBinary(CallToolResponseSchema, response);
  const body = Buffer.allocUnsafe(envelopeBytes + message.length);
  body[0] = 0;
  body.writeUInt32BE(message.length, 1);
  body.set(message, envelopeBytes);
  stream.respond({ "content-type": "application/grpc+proto" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(body);
}

const json = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("error", () => {});
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { tool, arguments: given } = JSON.parse(Buffer.concat(chunks).toString());
    send(tool, JSON.stringify(given), (resultJson) => answerJson(response, resultJson));
  });
});

function answerJson(response: http.ServerResponse, resultJson: string): void {
  if (response.destroyed) return;
  const body = JSON.stringify({ resultJson, resultKind: "RESULT_KIND_COMPLETE" });
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

const servers = [json, grpc];
for (const server of servers) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
console.log(JSON.stringify(servers.map((server) => (server.address() as AddressInfo).port)));
// Its container goes with it, since its stdin does.
await new Promise((resolve) => process.once("SIGTERM", resolve));
for (const server of servers) server.close();
