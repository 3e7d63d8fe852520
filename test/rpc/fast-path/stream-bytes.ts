import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { CallToolStreamResponseSchema, LogsRequestSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { envelope } from "./grpc-bytes.ts";

/** A message as gRPC sends it. */
export const messageOf = <T extends DescMessage>(schema: T, init: MessageInitShape<T>) =>
  envelope(toBinary(schema, create(schema, init)));

export const logsOf = (init: MessageInitShape<typeof LogsRequestSchema>) => messageOf(LogsRequestSchema, init);

/** The messages of a body as JSON, without what differs from one time to the next: when, whose, and whether it took long. */
export function messagesIn(schema: DescMessage, body: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const json = toJson(schema, fromBinary(schema, body.subarray(at + 5, end)));
    const shown = JSON.stringify(json, (key, value) => (volatile.test(key) ? "…" : value));
    if (!shown.includes('"heartbeat"') || schema !== CallToolStreamResponseSchema) messages.push(shown);
    at = end;
  }
  return messages;
}

const volatile = /^(time|cursor|.*Id|.*Time|.*At|revision|server|servers)$/;
