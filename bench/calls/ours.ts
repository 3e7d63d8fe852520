import { create, toBinary } from "@bufbuild/protobuf";
import { CallToolRequestSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { type BenchManager, echoSpec } from "../load/bench-manager.ts";
import { H2load } from "../load/h2load.ts";
import type { Contender } from "../load/load.ts";
import { Wrk } from "../load/wrk.ts";

const server = "echo";
const json = { "content-type": "application/json" };

/** The manager with the echo server in a container, called over each protocol. */
export interface Ours {
  /** Arguments and result as JSON text. */
  readonly grpc: Contender;
  /** Arguments as a Struct, typed result. */
  readonly typed: Contender;
  readonly connect: Contender;
  readonly rest: Contender;
}

export async function ours(manager: BenchManager): Promise<Ours> {
  await manager.client.start({ name: server, spec: echoSpec });
  const { origin, pid } = manager;
  const callTool = `${origin}/mcpmanager.v1.ManagerService/CallTool`;
  const headers = { "content-type": "application/grpc", te: "trailers" };
  const grpc = new H2load({ url: callTool, pid, headers, body: (text) => grpcCall(text, { typed: false }) });
  const typed = new H2load({ url: callTool, pid, headers, body: (text) => grpcCall(text, { typed: true }) });
  const rest = new Wrk({
    url: `${origin}/servers/${server}/call`,
    pid,
    headers: json,
    body: (text) => jsonCall({ text }),
  });
  const connect = new Wrk({ url: callTool, pid, headers: json, body: (text) => jsonCall({ text, server }) });
  return {
    grpc: { name: "gRPC", load: (options) => grpc.load(options) },
    typed: { name: "gRPC, typed", load: (options) => typed.load(options) },
    connect: { name: "Connect JSON", load: (options) => connect.load(options) },
    rest: { name: "REST", load: (options) => rest.load(options) },
  };
}

function jsonCall({ text, ...more }: { text: string; server?: string }): string {
  return JSON.stringify({ ...more, tool: "echo", arguments: { text } });
}

/** A message in its five-byte envelope. */
function grpcCall(text: string, { typed }: { typed: boolean }): Buffer {
  const input = typed
    ? { case: "arguments" as const, value: { text } }
    : { case: "argumentsJson" as const, value: JSON.stringify({ text }) };
  const resultFormat = typed ? ResultFormat.TYPED : ResultFormat.JSON;
  const message = toBinary(
    CallToolRequestSchema,
    create(CallToolRequestSchema, { server, tool: "echo", input, resultFormat }),
  );
  const envelope = Buffer.alloc(5);
  envelope.writeUInt32BE(message.length, 1);
  return Buffer.concat([envelope, message]);
}
