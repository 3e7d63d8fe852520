import { setImmediate as nextTurn } from "node:timers/promises";
import { GrowingBytes } from "../../server/requests/growing-bytes.ts";

/** Before each message: whether it is compressed, and how many bytes it has. */
const envelopeBytes = 5;
/** The RPC library goes through as many small messages as there are without a pause. */
const messagesPerTurn = 64;

export interface MessageReading {
  /** Whether messages come in envelopes; otherwise the whole body is one. */
  readonly enveloped: boolean;
  /** What is longer is handed on as it comes, for the RPC library to refuse. */
  readonly maxBytes: number;
  /** Called with each message before its last byte is handed on. Throws for one that must not be read. */
  readonly check: (message: Buffer) => void;
}

/**
 * A request's body, each message of it in one piece, envelope included. The RPC library counts all pieces anew with
 * each of them.
 */
export function wholeMessages(body: AsyncIterable<Buffer>, reading: MessageReading): AsyncGenerator<Buffer> {
  return reading.enveloped ? envelopes(body, reading) : oneMessage(body, reading);
}

async function* oneMessage(body: AsyncIterable<Buffer>, { maxBytes, check }: MessageReading): AsyncGenerator<Buffer> {
  const bytes = new GrowingBytes();
  let tooLong = false;
  for await (const piece of body) {
    if (!tooLong) bytes.add(piece);
    if (bytes.length > maxBytes) {
      tooLong = true;
      yield bytes.take();
    } else if (tooLong) {
      yield piece;
    }
  }
  if (tooLong) return;
  check(bytes.all);
  if (bytes.length > 0) yield bytes.take();
}

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one loop over what comes, in which a piece may end anywhere.
async function* envelopes(body: AsyncIterable<Buffer>, { maxBytes, check }: MessageReading): AsyncGenerator<Buffer> {
  const bytes = new GrowingBytes();
  let tooLong = false;
  let messages = 0;
  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      const want = wholeBytes(bytes.length === 0 ? piece.subarray(at) : bytes.all);
      tooLong ||= want > envelopeBytes + maxBytes;
      const part = tooLong ? piece.subarray(at) : piece.subarray(at, at + want - bytes.length);
      at += part.length;
      bytes.add(part);
      if (tooLong) yield bytes.take();
      else if (bytes.length >= envelopeBytes && bytes.length === wholeBytes(bytes.all)) {
        check(bytes.all.subarray(envelopeBytes));
        yield bytes.take();
        messages += 1;
        if (messages % messagesPerTurn === 0) await nextTurn();
      }
    }
  }
  if (bytes.length > 0) yield bytes.take();
}

/** How many bytes a message has with its envelope, as far as what has come of it tells. */
function wholeBytes(begun: Buffer): number {
  return begun.length < envelopeBytes ? envelopeBytes : envelopeBytes + begun.readUInt32BE(1);
}
