import { type BenchManager, echoSpec } from "../load/bench-manager.ts";
import { callToolUrl, grpcCall, grpcHeaders } from "../load/grpc-call.ts";
import { H2load } from "../load/h2load.ts";
import { jsonCall, jsonHeaders } from "../load/json-call.ts";
import type { Contender } from "../load/load.ts";
import { Wrk } from "../load/wrk.ts";

const server = "echo";

/** The manager with the echo server in a container, called over each protocol. */
export interface Ours {
  /** Arguments and result as JSON text. */
  readonly grpc: Contender;
  /** Arguments as a Struct, typed result. */
  readonly typed: Contender;
  /** CallToolStream, as JSON text. */
  readonly stream: Contender;
  readonly connect: Contender;
  readonly rest: Contender;
}

export async function ours(manager: BenchManager): Promise<Ours> {
  await manager.client.start({ name: server, spec: echoSpec });
  const { origin, pid } = manager;
  const callTool = callToolUrl(origin);
  const headers = grpcHeaders;
  const grpc = new H2load({ url: callTool, pid, headers, body: (text) => grpcCall({ server, text }) });
  const typed = new H2load({ url: callTool, pid, headers, body: (text) => grpcCall({ server, text, typed: true }) });
  const streamUrl = `${callTool}Stream`;
  const stream = new H2load({
    url: streamUrl,
    pid,
    headers,
    body: (text) => grpcCall({ server, text }),
    // The times of a heartbeat and of the result: their nanoseconds have up to six bytes each, none on a whole second.
    slackBytes: 12,
  });
  const rest = new Wrk({
    url: `${origin}/servers/${server}/call`,
    pid,
    headers: jsonHeaders,
    body: (text) => jsonCall({ text }),
  });
  const connect = new Wrk({ url: callTool, pid, headers: jsonHeaders, body: (text) => jsonCall({ text, server }) });
  return {
    grpc: { name: "gRPC", load: (options) => grpc.load(options) },
    typed: { name: "gRPC, typed", load: (options) => typed.load(options) },
    stream: { name: "gRPC stream", load: (options) => stream.load(options) },
    connect: { name: "Connect JSON", load: (options) => connect.load(options) },
    rest: { name: "REST", load: (options) => rest.load(options) },
  };
}
