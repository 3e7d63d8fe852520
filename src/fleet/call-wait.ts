import type { ManagerError } from "../errors.ts";
import { deadlinePassed } from "./deadline-signal.ts";

/** A deadline further away than this has no timer of its own. */
const farMs = 2000;
const lookMs = 1000;

/** Waits whose deadlines are far away: one timer for all of them, which most calls are faster than. */
export class FarDeadlines {
  readonly #waits = new Set<CallWait>();
  #timer: NodeJS.Timeout | undefined;

  add(wait: CallWait): void {
    this.#waits.add(wait);
    this.#timer ??= setTimeout(() => this.#look(), lookMs).unref();
  }

  delete(wait: CallWait): void {
    this.#waits.delete(wait);
  }

  #look(): void {
    this.#timer = undefined;
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const wait of waits) wait.arm();
  }
}

/**
 * How long one caller waits for its call: until it leaves, or until the nearest of all deadlines that the call has. One
 * signal for everybody who takes part, and at most one timer.
 */
export class CallWait {
  readonly #controller = new AbortController();
  readonly #far: FarDeadlines;
  #endMs = Number.POSITIVE_INFINITY;
  #passed: (() => ManagerError) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(far: FarDeadlines) {
    this.#far = far;
  }

  /** Its reason is a ManagerError. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The call may not take longer than this from now on; `passed` makes the reason if it does. */
  limit(timeoutMs: number, passed: () => ManagerError = () => deadlinePassed(timeoutMs)): void {
    const endMs = performance.now() + timeoutMs;
    if (endMs >= this.#endMs) return;
    this.#endMs = endMs;
    this.#passed = passed;
    this.arm();
  }

  /** Sees to it that the deadline is kept. */
  arm(): void {
    const { aborted } = this.#controller.signal;
    if (aborted || this.#passed === undefined) return;
    clearTimeout(this.#timer);
    const leftMs = this.#endMs - performance.now();
    if (leftMs > farMs) this.#far.add(this);
    else if (leftMs > 0) this.#timer = setTimeout(() => this.arm(), leftMs);
    else this.abort(this.#passed());
  }

  /** Ends the wait before the call has ended. */
  abort(reason: ManagerError): void {
    this.end();
    this.#controller.abort(reason);
  }

  /** The call has ended. */
  end(): void {
    this.#passed = undefined;
    clearTimeout(this.#timer);
    this.#far.delete(this);
  }
}
