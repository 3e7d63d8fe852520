import type { AttachmentSink } from "../../src/runtime/runtime.ts";

/** A sink that keeps what it gets, and lets a test wait for it. */
export class Recorder implements AttachmentSink {
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  readonly #ended = Promise.withResolvers<Error | undefined>();
  readonly #waiting = new Set<() => void>();
  ends = 0;
  drains = 0;

  stdout(chunk: Buffer): void {
    this.#stdout.push(chunk);
    this.#changed();
  }

  stderr(chunk: Buffer): void {
    this.#stderr.push(chunk);
    this.#changed();
  }

  drain(): void {
    this.drains++;
    this.#changed();
  }

  end(error?: Error): void {
    this.ends++;
    this.#ended.resolve(error);
    this.#changed();
  }

  get out(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  get err(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  get outBytes(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get outLength(): number {
    return this.#stdout.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Resolves with what `end` was called with. */
  get ended(): Promise<Error | undefined> {
    return this.#ended.promise;
  }

  /** Waits until the recorder looks as wished; rejects when the attachment ends before. */
  async until(wish: (recorder: this) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (wish(this)) resolve();
      else if (this.ends > 0) reject(new Error(`ended early; stdout: ${this.out.slice(-500)}; stderr: ${this.err}`));
    };
    this.#waiting.add(look);
    look();
    await promise.finally(() => this.#waiting.delete(look));
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}
