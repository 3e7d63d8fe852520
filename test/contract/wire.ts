import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { type Failure, failureOf, type Protocol, statusFailure } from "./ask.ts";

/** A request as no client library would send it. */
export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly body?: Uint8Array | string;
}

interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** The content type that a protocol's clients send. */
export const contentTypes: Readonly<Record<Protocol, string>> = {
  gRPC: "application/grpc",
  "gRPC-Web": "application/grpc-web+proto",
  Connect: "application/json",
  REST: "application/json",
};

/** Sends bytes in the ways of a protocol (gRPC over HTTP/2, the others over HTTP/1.1) and reads the error as it would. */
export async function sendOnWire(url: string, protocol: Protocol, request: WireRequest): Promise<Failure> {
  const received = protocol === "gRPC" ? await overHttp2(url, request) : await overHttp1(url, request);
  const { status, headers, body } = received;
  if (protocol === "REST") return { ...statusFailure(JSON.parse(body.toString())), status };
  if (protocol === "Connect") {
    return { ...failureOf(errorFromJson(JSON.parse(body.toString()), undefined, fallback)), status };
  }
  const error = findTrailerError(protocol === "gRPC-Web" ? withWebTrailers(headers, body) : headers);
  if (error === undefined) throw new Error(`no error in ${JSON.stringify([status, [...headers]])}`);
  return { ...failureOf(error), status };
}

const fallback = new ConnectError("not an error of Connect", Code.Unknown);

async function overHttp1(
  url: string,
  { method = "POST", path, type, headers, host, body }: WireRequest,
): Promise<Received> {
  const request = http.request(new URL(path, url), {
    method,
    agent: false,
    headers: { "content-type": type, ...(host === undefined ? {} : { host }), ...headers },
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const whole = Buffer.concat(await response.toArray());
  return { status: response.statusCode ?? 0, headers: headersOf(response.headers), body: whole };
}

async function overHttp2(
  url: string,
  { method = "POST", path, type, headers, host, body }: WireRequest,
): Promise<Received> {
  const session = http2.connect(url);
  try {
    const authority = host === undefined ? {} : { ":authority": host };
    const stream = session.request({
      ":method": method,
      ":path": path,
      "content-type": type,
      te: "trailers",
      ...authority,
      ...headers,
    });
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("trailers", (got) => {
      trailers = got;
    });
    const answered = once(stream, "response");
    stream.end(body);
    const [head] = (await answered) as [http2.IncomingHttpHeaders];
    const whole = Buffer.concat(await stream.toArray());
    return { status: Number(head[":status"]), headers: headersOf({ ...head, ...trailers }), body: whole };
  } finally {
    session.destroy();
  }
}

function headersOf(received: http.IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received)) {
    if (value !== undefined && !name.startsWith(":")) headers.set(name, String(value));
  }
  return headers;
}

/** gRPC-Web has its trailers in the last frame of the body, or, with a response of nothing else, in the headers. */
function withWebTrailers(headers: Headers, body: Buffer): Headers {
  for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
    if (((body[at] ?? 0) & 0x80) === 0) continue;
    const text = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1)).toString();
    for (const [, name = "", value = ""] of text.matchAll(/^([^:\r\n]+):[ \t]*([^\r\n]*)/gm)) headers.set(name, value);
  }
  return headers;
}
