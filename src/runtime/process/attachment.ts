import type { Writable } from "node:stream";
import type { Attachment, AttachmentSink } from "../runtime.ts";

/** What may be written before the start; past it `write` says false, and `drain` comes with the start. */
const maxEarlyBytes = 64 * 1024;

type State =
  /** The instance does not run yet. */
  | { readonly kind: "waiting"; readonly early: Uint8Array[]; earlyBytes: number }
  | { readonly kind: "open"; readonly stdin: Writable }
  | { readonly kind: "ended" };

/** One holder of an instance's stdio, for one run of it. */
export class ProcessAttachment implements Attachment {
  readonly #sink: AttachmentSink;
  #state: State = { kind: "waiting", early: [], earlyBytes: 0 };

  constructor(sink: AttachmentSink) {
    this.#sink = sink;
  }

  get isEnded(): boolean {
    return this.#state.kind === "ended";
  }

  write(chunk: Uint8Array): boolean {
    const state = this.#state;
    if (state.kind === "waiting") {
      state.early.push(chunk);
      state.earlyBytes += chunk.length;
      return state.earlyBytes < maxEarlyBytes;
    }
    // Dropped, and nothing to wait for: `end` has been called or follows.
    if (state.kind === "ended" || !state.stdin.writable) return true;
    return state.stdin.write(chunk);
  }

  close(): void {
    if (this.#state.kind === "ended") return;
    this.#state = { kind: "ended" };
    // As with a socket: `end` comes after `close` has returned.
    queueMicrotask(() => this.#sink.end());
  }

  /** The instance runs: what was written before goes first. */
  open(stdin: Writable): void {
    if (this.#state.kind !== "waiting") return;
    const { early, earlyBytes } = this.#state;
    this.#state = { kind: "open", stdin };
    for (const chunk of early) stdin.write(chunk);
    // What says false now drains by itself.
    if (earlyBytes >= maxEarlyBytes && !stdin.writableNeedDrain) this.#sink.drain();
  }

  stdout(chunk: Buffer): void {
    if (this.#state.kind === "open") this.#sink.stdout(chunk);
  }

  stderr(chunk: Buffer): void {
    if (this.#state.kind === "open") this.#sink.stderr(chunk);
  }

  drain(): void {
    if (this.#state.kind === "open") this.#sink.drain();
  }

  end(): void {
    if (this.#state.kind === "ended") return;
    this.#state = { kind: "ended" };
    this.#sink.end();
  }
}
