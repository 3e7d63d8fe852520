import type { DescMessage, Message } from "@bufbuild/protobuf";
import { MessageBytes } from "./message-bytes.ts";
import { messageWriter } from "./write-message.ts";

/** Before each message: whether it is compressed, and how many bytes it has. */
export const envelopeBytes = 5;

/** What makes of a message of this type one of gRPC, not compressed, in its envelope. */
export function grpcEnvelope(schema: DescMessage): (message: Message) => Buffer {
  const write = messageWriter(schema);
  const bytes = new MessageBytes();
  return (message) => {
    // Of a message that failed, something may be left.
    bytes.clear();
    write(bytes, message);
    const envelope = bytes.take(envelopeBytes);
    envelope[0] = 0;
    envelope.writeUInt32BE(envelope.length - envelopeBytes, 1);
    return envelope;
  };
}
