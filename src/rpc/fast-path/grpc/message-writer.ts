import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Transfer } from "../../../server/responses/transfer-budget.ts";
import { endWhole } from "../../../server/responses/write-whole.ts";
import { respondGrpc } from "./grpc-response.ts";

/**
 * Bytes of one response that may wait for the caller; a larger message is written in slices of this size. A server
 * whose log comes in full chunks writes this much in one turn of the event loop: with less, those who follow its log
 * would fall behind.
 */
const maxUntakenBytes = 256 * 1024;
/**
 * The same for a caller that has read little yet: thousands of callers that never read must not hold the maximum each.
 */
const firstUntakenBytes = 16 * 1024;

/**
 * Writes the messages of a response to a stream of HTTP/2: what comes within one turn of the event loop in one write.
 */
export class MessageWriter {
  readonly #stream: ServerHttp2Stream;
  readonly #transfer: Pick<Transfer, "add">;
  /** What the handler sets; sent with the first write. */
  header: Headers | undefined;
  #trailer: OutgoingHttpHeaders = {};
  #pending: Buffer[] = [];
  #untakenBytes = 0;
  #takenBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #writing: Promise<void> | undefined;
  #onRoom: (() => void) | undefined;

  constructor(stream: ServerHttp2Stream, transfer: Pick<Transfer, "add">) {
    this.#stream = stream;
    this.#transfer = transfer;
    stream.once("close", () => this.#onRoom?.());
  }

  add(message: Buffer): void {
    this.#pending.push(message);
    this.#untakenBytes += message.length;
    this.#transfer.add(message.length);
    if (this.#writing === undefined) this.#scheduled ??= setImmediate(() => this.#begin());
  }

  /** Resolves when there is room for more, or the caller has left. Undefined: there is room now. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom || this.#stream.destroyed) return undefined;
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** Ends the response after all that was added. */
  async end(trailer: OutgoingHttpHeaders): Promise<void> {
    this.#trailer = trailer;
    clearImmediate(this.#scheduled);
    await this.#writing;
    if (this.#stream.destroyed) return;
    this.#respond();
    const last = this.#take();
    // endWhole counts the bytes itself.
    this.#transfer.add(-last.length);
    endWhole(last, { to: this.#stream, transfer: this.#transfer });
  }

  /** A caller may leave unread as many bytes as it has read so far. */
  get #hasRoom(): boolean {
    return this.#untakenBytes < Math.min(maxUntakenBytes, Math.max(firstUntakenBytes, this.#takenBytes));
  }

  #begin(): void {
    this.#scheduled = undefined;
    // For example headers that can't be sent. The caller must not wait for more, and nobody else needs to know.
    this.#writing = this.#writePending().catch(() => {
      this.#stream.destroy();
    });
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0 && !this.#stream.destroyed) {
      this.#respond();
      const batch = this.#take();
      for (let at = 0; at < batch.length; at += maxUntakenBytes) {
        const slice = batch.subarray(at, at + maxUntakenBytes);
        await new Promise<unknown>((resolve) => this.#stream.write(slice, resolve));
        this.#transfer.add(-slice.length);
        this.#untakenBytes -= slice.length;
        this.#takenBytes += slice.length;
        if (this.#hasRoom) this.#onRoom?.();
      }
    }
    // In the step that found nothing more to write: the next message has to begin a write of its own.
    this.#writing = undefined;
  }

  #respond(): void {
    if (this.#stream.headersSent) return;
    respondGrpc(this.#stream, { header: this.header, trailer: () => this.#trailer });
  }

  #take(): Buffer {
    const batch = joined(this.#pending);
    this.#pending = [];
    return batch;
  }
}

/** The bytes of all chunks; a single chunk is not copied. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
