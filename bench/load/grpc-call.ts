import { create, toBinary } from "@bufbuild/protobuf";
import { CallToolRequestSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";

export const grpcHeaders = { "content-type": "application/grpc", te: "trailers" };

export function callToolUrl(origin: string): string {
  return `${origin}/mcpmanager.v1.ManagerService/CallTool`;
}

/** The body of a call of `echo` over gRPC, a message in its five-byte envelope: as JSON text, or typed. */
export function grpcCall(call: { readonly server: string; readonly text: string; readonly typed?: boolean }): Buffer {
  const { server, text, typed = false } = call;
  const input = typed
    ? { case: "arguments" as const, value: { text } }
    : { case: "argumentsJson" as const, value: JSON.stringify({ text }) };
  const resultFormat = typed ? ResultFormat.TYPED : ResultFormat.JSON;
  const request = create(CallToolRequestSchema, { server, tool: "echo", input, resultFormat });
  const message = toBinary(CallToolRequestSchema, request);
  const envelope = Buffer.alloc(5);
  envelope.writeUInt32BE(message.length, 1);
  return Buffer.concat([envelope, message]);
}
