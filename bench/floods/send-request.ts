import http from "node:http";
import http2 from "node:http2";
import { text as textOf } from "node:stream/consumers";
import { Code } from "@connectrpc/connect";
import { callToolUrl } from "../load/grpc-call.ts";

export interface LargeRequest {
  /** The RPC over gRPC and Connect; a path for REST. */
  readonly to: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over gRPC: the body has its envelopes already. */
  readonly enveloped?: boolean;
}

export type Protocol = "gRPC" | "Connect" | "Connect JSON" | "REST";

const contentTypes = {
  Connect: "application/proto",
  "Connect JSON": "application/json",
  REST: "application/json",
};

/** Sends one request and says in a few words how it was answered. */
export async function sendRequest(
  protocol: Protocol,
  request: LargeRequest & { readonly port: number; readonly signal: AbortSignal },
): Promise<string> {
  try {
    return await (protocol === "gRPC" ? overGrpc(request) : overHttp1(protocol, request));
  } catch (error) {
    if (request.signal.aborted) return "no answer";
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}

async function overGrpc({
  port,
  to,
  body,
  headers,
  enveloped = false,
  signal,
}: LargeRequest & { readonly port: number; readonly signal: AbortSignal }): Promise<string> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  try {
    const head = Buffer.alloc(5);
    head[0] = headers?.["grpc-encoding"] === undefined ? 0 : 1;
    head.writeUInt32BE(body.length, 1);
    const grpc = { "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ":method": "POST", ":path": rpcPath(to), ...grpc, ...headers }, { signal });
    let status: unknown;
    const note = (answer: http2.IncomingHttpHeaders) => {
      status = answer["grpc-status"] ?? status;
    };
    stream.on("response", note);
    stream.on("trailers", note);
    if (!enveloped) stream.write(head);
    stream.end(body);
    await textOf(stream);
    return status === "0" ? "OK" : codeName(Number(status));
  } finally {
    session.destroy();
  }
}

async function overHttp1(
  protocol: Exclude<Protocol, "gRPC">,
  { port, to, body, headers, signal }: LargeRequest & { readonly port: number; readonly signal: AbortSignal },
): Promise<string> {
  const [method = "", path = ""] = protocol === "REST" ? to.split(" ") : ["POST", rpcPath(to)];
  const type = method === "GET" ? {} : { "content-type": contentTypes[protocol], "content-length": body.length };
  const request = http.request({ port, host: "127.0.0.1", agent: false, method, path, signal });
  for (const [name, value] of Object.entries({ ...type, ...headers })) request.setHeader(name, value);
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  request.once("response", resolve);
  // Kept, since one that is refused early may be cut off while it is sent.
  request.on("error", reject);
  request.end(body);
  const response = await promise;
  const said = await textOf(response).catch(() => "");
  const [, code = ""] = /"(?:code|status)":\s*"(\w+)"/.exec(said) ?? [];
  return `${response.statusCode} ${code}`.trim();
}

function rpcPath(method: string): string {
  return new URL(callToolUrl("http://any").replace("CallTool", method)).pathname;
}

/** As in Connect's JSON: snake case. */
function codeName(status: number): string {
  return Code[status]?.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase() ?? `gRPC status ${status}`;
}
