import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";

interface OutgoingDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** The prefix of a type's URL and what stands around a detail. */
const detailOverheadBytes = 40;

/** How much gRPC makes of it: the message percent-encoded, and once more in the details, which are base64. */
export function encodedBytes({ rawMessage, details }: ConnectError): number {
  const ownBytes = (details as OutgoingDetail[]).reduce(
    (sum, { desc, value }) => sum + desc.typeName.length + detailOverheadBytes + toBinary(desc, value).length,
    Buffer.byteLength(rawMessage),
  );
  return encodeURIComponent(rawMessage).length + Math.ceil((ownBytes * 4) / 3);
}
