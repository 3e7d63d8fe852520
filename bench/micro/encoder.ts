import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { CallToolResponseSchema, LogSource, LogsResponseSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { envelopeBytes, grpcEnvelope } from "../../src/rpc/fast-path/grpc/grpc-envelope.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const text = "x".repeat(100);
const resultOf = (text: string) => JSON.stringify({ content: [{ type: "text", text }] });

export const encodeJson: Pair = {
  thing: "encoder, result_json of 100 B",
  ...encoding(CallToolResponseSchema, create(CallToolResponseSchema, { resultJson: resultOf(text) })),
  part: { of: "a call", times: 1 },
};

export const encodeTyped: Pair = {
  thing: "encoder, typed result of 100 B",
  ...encoding(
    CallToolResponseSchema,
    create(CallToolResponseSchema, { content: [{ kind: { case: "text", value: { text } } }] }),
  ),
  part: { of: "a call", times: 1 },
};

export const encodeLarge: Pair = {
  thing: "encoder, result_json of 1 MB",
  ...encoding(CallToolResponseSchema, create(CallToolResponseSchema, { resultJson: resultOf("x".repeat(1_000_000)) })),
  part: { of: "1 MB", times: 1 },
};

export const encodeLine: Pair = {
  thing: "encoder, line of a log",
  ...encoding(
    LogsResponseSchema,
    create(LogsResponseSchema, {
      event: { case: "line", value: { source: LogSource.STDERR, text } },
      time: { seconds: 1_795_000_000n, nanos: 123_000_000 },
      cursor: "AAABm2hJ7wAAAAAAAAAAZAAAAZtoSe8A",
      instanceId: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
    }),
  ),
  part: { of: "a line of a log", times: 1 },
};

function encoding<T extends DescMessage>(schema: T, message: MessageShape<T>): Omit<Pair, "thing" | "part"> {
  const envelope = grpcEnvelope(schema);
  return {
    file: "src/rpc/fast-path/encode/",
    plainForm: "toBinary of @bufbuild/protobuf",
    goesBelow: 1.5,
    hand: repeat(() => keep(envelope(message))),
    plain: repeat(() => keep(libraryEnvelope(toBinary(schema, message)))),
  };
}

function libraryEnvelope(bytes: Uint8Array): Buffer {
  const envelope = Buffer.allocUnsafe(envelopeBytes + bytes.length);
  envelope[0] = 0;
  envelope.writeUInt32BE(bytes.length, 1);
  envelope.set(bytes, envelopeBytes);
  return envelope;
}
