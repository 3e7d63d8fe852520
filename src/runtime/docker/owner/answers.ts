import type { LockVolumes } from "./lock-volumes.ts";

/** Takes questions away, which tells those who ask that the owner lives: one request at a time, however many ask. */
export class Answers {
  readonly #options: { readonly volumes: LockVolumes; readonly signal: AbortSignal };
  #asked = false;
  #answering = false;

  constructor(options: { readonly volumes: LockVolumes; readonly signal: AbortSignal }) {
    this.#options = options;
  }

  /** A question that comes while an earlier one is answered may be another one: it is answered after that. */
  give(): void {
    this.#asked = true;
    if (!this.#answering) void this.#giveAll();
  }

  async #giveAll(): Promise<void> {
    const { volumes, signal } = this.#options;
    this.#answering = true;
    while (this.#asked && !signal.aborted) {
      this.#asked = false;
      // When the engine goes away under it, the look after that finds the question again.
      await volumes.answer({ signal }).catch(() => {});
    }
    this.#answering = false;
  }
}
