import type { LogRing } from "./logs/log-ring.ts";
import type { ServerFailure } from "./state/server-failure.ts";
import type { ServerSnapshot } from "./state/server-snapshot.ts";

/** How long it is told why a first Start failed. */
const keptMs = 600_000;
const maxKept = 100;
/** What their logs may take together. */
const maxLogBytes = 16 * 1024 * 1024;

/** What is left of a server that never came up: nothing in the engine, but why, and what it wrote. */
export interface FailedStart {
  readonly server: ServerSnapshot;
  readonly failure: ServerFailure;
  readonly ring: LogRing;
}

/** The servers whose first Start failed lately, by name: who comes to look why must find it. */
export class FailedStarts {
  readonly #kept = new Map<string, FailedStart & { readonly untilMs: number }>();
  readonly #elapsedMs: () => number;
  #expiry: NodeJS.Timeout | undefined;

  constructor({ elapsedMs }: { readonly elapsedMs: () => number }) {
    this.#elapsedMs = elapsedMs;
  }

  of(name: string): FailedStart | undefined {
    this.#expire();
    return this.#kept.get(name);
  }

  add({ server, failure, ring }: FailedStart): void {
    this.forget(server.name);
    const untilMs = this.#elapsedMs() + keptMs;
    this.#kept.set(server.name, { server: { ...server, state: "failed" }, failure, ring, untilMs });
    this.#expire();
  }

  /** Somebody else has the name now. */
  forget(name: string): void {
    this.#kept.delete(name);
  }

  close(): void {
    clearTimeout(this.#expiry);
    this.#kept.clear();
  }

  /** The oldest go, which come first: after ten minutes, or when there are too many, or with too much. */
  #expire(): void {
    const nowMs = this.#elapsedMs();
    let bytes = [...this.#kept.values()].reduce((sum, { ring }) => sum + ring.bytes, 0);
    for (const [name, { untilMs, ring }] of this.#kept) {
      const isRoom = this.#kept.size <= maxKept && (bytes <= maxLogBytes || this.#kept.size === 1);
      if (untilMs > nowMs && isRoom) break;
      bytes -= ring.bytes;
      this.#kept.delete(name);
    }
    clearTimeout(this.#expiry);
    const [first] = this.#kept.values();
    if (first !== undefined) this.#expiry = setTimeout(() => this.#expire(), first.untilMs - nowMs).unref();
  }
}
