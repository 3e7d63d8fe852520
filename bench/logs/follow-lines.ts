import { once } from "node:events";
import http2 from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { LogsRequestSchema, LogsResponseSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { grpcHeaders } from "../load/grpc-call.ts";
import { lastLine } from "./writing-server.ts";

const envelopeBytes = 5;
/** Field 1, `line`, comes first in a message that has one. */
const lineTag = 0x0a;

/**
 * Follows a server's log from now on while it writes, until its last line. A reader of our own, which looks into no
 * message but the last: a client's decoding is not what is measured.
 */
export async function followLines(
  origin: string,
  { server, write }: { server: string; write: () => Promise<void> },
): Promise<{ readonly seconds: number; readonly received: number }> {
  const session = http2.connect(origin, { settings: { initialWindowSize: 16 * 1024 * 1024 } });
  try {
    await once(session, "connect");
    session.setLocalWindowSize(16 * 1024 * 1024);
    const path = "/mcpmanager.v1.ManagerService/Logs";
    const stream = session.request({ ":method": "POST", ":path": path, ...grpcHeaders });
    stream.end(enveloped(toBinary(LogsRequestSchema, create(LogsRequestSchema, { server, follow: true, tail: 0 }))));
    const counted = countUntilLast(stream);
    // It answers at once, before there is a line.
    await once(stream, "response");
    const startMs = performance.now();
    const [received] = await Promise.all([counted, write()]);
    const seconds = (performance.now() - startMs) / 1000;
    stream.close();
    return { seconds, received };
  } finally {
    session.destroy();
  }
}

function enveloped(message: Uint8Array): Buffer {
  const head = Buffer.alloc(envelopeBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** How many messages held a line. */
async function countUntilLast(stream: http2.ClientHttp2Stream): Promise<number> {
  let lines = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk]);
    const last = bytes.includes(lastLine);
    let at = 0;
    while (bytes.length - at >= envelopeBytes) {
      const end = at + envelopeBytes + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      if (bytes[at + envelopeBytes] === lineTag) lines += 1;
      if (last && isLast(bytes.subarray(at + envelopeBytes, end))) return lines;
      at = end;
    }
    rest = bytes.subarray(at);
  }
  throw new Error("Logs ended before the last line came");
}

function isLast(message: Buffer): boolean {
  const { event } = fromBinary(LogsResponseSchema, message);
  return event.case === "line" && event.value.text.startsWith(lastLine);
}
