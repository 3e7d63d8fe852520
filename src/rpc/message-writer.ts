import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { respondGrpc } from "./grpc-answer.ts";
import type { UnreadAnswer } from "./unread-answers.ts";
import { joined } from "./whole-body.ts";
import { endWhole } from "./write-whole.ts";

/** So much may wait to be written before whoever has more has to wait; larger messages are written in slices of it. */
const maxPendingBytes = 64 * 1024;

/**
 * Writes the messages of an answer to a stream of HTTP/2: in one write what came within one turn of the event loop, and
 * no more before its caller has taken that.
 */
export class MessageWriter {
  readonly #stream: ServerHttp2Stream;
  readonly #answer: Pick<UnreadAnswer, "add">;
  /** What the handler sets; sent with the first write. */
  header: Headers | undefined;
  #trailer: OutgoingHttpHeaders = {};
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #writing: Promise<void> | undefined;
  #onRoom: (() => void) | undefined;

  constructor(stream: ServerHttp2Stream, answer: Pick<UnreadAnswer, "add">) {
    this.#stream = stream;
    this.#answer = answer;
    stream.once("close", () => this.#onRoom?.());
  }

  add(message: Buffer): void {
    this.#pending.push(message);
    this.#pendingBytes += message.length;
    if (this.#writing === undefined) this.#scheduled ??= setImmediate(() => this.#begin());
  }

  /** Resolves when more may be added, or when there is nobody to take it. Undefined: that is so now. */
  room(): Promise<void> | undefined {
    if (this.#pendingBytes < maxPendingBytes || this.#stream.destroyed) return undefined;
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** Ends the answer after all that was added. */
  async end(trailer: OutgoingHttpHeaders): Promise<void> {
    this.#trailer = trailer;
    clearImmediate(this.#scheduled);
    await this.#writing;
    if (this.#stream.destroyed) return;
    this.#respond();
    endWhole(this.#take(), { to: this.#stream, answer: this.#answer });
  }

  #begin(): void {
    this.#scheduled = undefined;
    this.#writing = this.#writePending().then(() => {
      this.#writing = undefined;
    });
  }

  async #writePending(): Promise<void> {
    while (this.#pendingBytes > 0 && !this.#stream.destroyed) {
      this.#respond();
      const batch = this.#take();
      this.#answer.add(batch.length);
      for (let at = 0; at < batch.length; at += maxPendingBytes) {
        const slice = batch.subarray(at, at + maxPendingBytes);
        await new Promise<unknown>((resolve) => this.#stream.write(slice, resolve));
        this.#answer.add(-slice.length);
      }
    }
  }

  #respond(): void {
    if (this.#stream.headersSent) return;
    respondGrpc(this.#stream, { header: this.header, trailer: () => this.#trailer });
  }

  #take(): Buffer {
    const batch = joined(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#onRoom?.();
    return batch;
  }
}
