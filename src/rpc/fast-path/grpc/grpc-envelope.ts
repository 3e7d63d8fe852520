import type { DescMessage, Message } from "@bufbuild/protobuf";
import { messageEncoder } from "../encode/encode-message.ts";
import { MessageBytes } from "../encode/message-bytes.ts";

/** Before each message: whether it is compressed, and how many bytes it has. */
export const envelopeBytes = 5;

/** Makes a function that writes a message of this type in gRPC's envelope, not compressed. */
export function grpcEnvelope(schema: DescMessage): (message: Message) => Buffer {
  const encode = messageEncoder(schema);
  const bytes = new MessageBytes();
  return (message) => {
    try {
      encode(bytes, message);
      const envelope = bytes.whole(envelopeBytes);
      envelope[0] = 0;
      envelope.writeUInt32BE(envelope.length - envelopeBytes, 1);
      return envelope;
    } finally {
      bytes.clear();
    }
  };
}
