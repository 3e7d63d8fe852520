import { requestHeaders as lazyHeaders } from "../../src/rpc/headers/request-headers.ts";
import { clampTimeout } from "../../src/rpc/headers/timeout-header.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const incoming = {
  ":method": "POST",
  ":path": "/mcpmanager.v1.ManagerService/CallTool",
  ":scheme": "http",
  ":authority": "127.0.0.1:8080",
  "content-type": "application/grpc",
  te: "trailers",
  "user-agent": "grpc-node-js/1.13.0",
  "grpc-timeout": "30000m",
};
/** What a call asks for. */
const asked = ["grpc-timeout", "traceparent", "tracestate", "baggage"];

export const requestHeaders: Pair = {
  thing: "lazy headers of a request",
  file: "src/rpc/headers/lazy-headers.ts",
  plainForm: "Headers, made of Node's",
  goesBelow: 3,
  part: { of: "a call", times: 1 },
  hand: repeat(() => ask(lazyHeaders(incoming))),
  plain: repeat(() => ask(plainHeaders())),
};

function ask(headers: Headers): void {
  for (const name of asked) keep(headers.get(name));
}

function plainHeaders(): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) if (!name.startsWith(":")) headers.set(name, value);
  clampTimeout(headers);
  return headers;
}
