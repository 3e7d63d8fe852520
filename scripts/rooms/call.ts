import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Arrow, type Box, picture } from "./picture.ts";

/** A step of a call: where it happens, and what it hands on. */
interface Step {
  readonly title: string;
  /** Below src/. Undefined: outside of the manager. */
  readonly file?: string;
  readonly hands: string;
  /** In the picture, from above. */
  readonly row: number;
}

/** A unary call by gRPC, from its caller to the server. */
const request: readonly Step[] = [
  { title: "caller", hands: "bytes of HTTP/2 or HTTP/1.1", row: 0 },
  { title: "listener", file: "server/listener.ts", hands: "a stream or a request", row: 1 },
  { title: "front door", file: "http/handler.ts", hands: "the same, past the guard", row: 2 },
  { title: "door", file: "rpc/fast-path/grpc/grpc-fast-path.ts", hands: "a message and its call context", row: 3 },
  { title: "interceptors", file: "rpc/call/authorize-interceptor.ts", hands: "the same, allowed and in time", row: 4 },
  { title: "method", file: "rpc/methods/call-methods.ts", hands: "a valid tool call", row: 5 },
  { title: "tool calls", file: "fleet/tools/tool-calls.ts", hands: "the call, once for its key", row: 6 },
  { title: "queue and permit", file: "fleet/calls/calls.ts", hands: "the call, with a permit", row: 7 },
  { title: "session", file: "mcp/session.ts", hands: "tools/call and its params as text", row: 8 },
  { title: "connection", file: "jsonrpc/connection.ts", hands: "one line with an id", row: 9 },
  { title: "attachment", file: "runtime/docker/stdio/attachment.ts", hands: "bytes on stdin", row: 10 },
  { title: "MCP server", hands: "bytes on stdout", row: 11 },
];

/** From the server back to the caller. */
const response: readonly Step[] = [
  { title: "demux", file: "runtime/docker/stdio/demux.ts", hands: "stdout without the engine's frames", row: 11 },
  { title: "inbound", file: "jsonrpc/inbound.ts", hands: "a reply: its id, and its text", row: 10 },
  { title: "connection: reply to request", file: "jsonrpc/connection.ts", hands: "the reply of this call", row: 9 },
  { title: "tool result", file: "mcp/features/tools/tool-result.ts", hands: "a checked result, still text", row: 8 },
  { title: "conversion", file: "rpc/convert/result-to-proto.ts", hands: "a protobuf message", row: 5 },
  { title: "response", file: "rpc/fast-path/grpc/unary-response.ts", hands: "an encoded message", row: 3 },
  { title: "writing", file: "server/responses/write-whole.ts", hands: "64 KiB at a time", row: 0 },
];

const requestX = 130;
const responseX = 500;
const rowHeight = 76;

/** The way of a call as a picture. Throws for a step whose file is gone. */
export function drawCall(): string {
  const steps = [...request, ...response];
  const boxes = steps.map((step): Box => boxOf(step, request.includes(step) ? requestX : responseX));
  const arrows = steps.map(({ hands }, index): Arrow => {
    return { from: boxes[index] as Box, to: boxes[(index + 1) % boxes.length] as Box, label: hands };
  });
  return picture("The way of a call", { boxes, arrows, boxWidth: 240, boxHeight: 46 });
}

function boxOf({ title, file, row }: Step, x: number): Box {
  if (file !== undefined && !existsSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)))) {
    throw new Error(`src/${file} is gone: name the file that has the step "${title}" now`);
  }
  return { title, lines: file === undefined ? [] : [file], x, y: 10 + row * rowHeight };
}
