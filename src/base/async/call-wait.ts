import type { ManagerError } from "../errors/errors.ts";
import { deadlinePassed } from "./deadline-signal.ts";

/** The longest that a timer of Node can run; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * How long one caller waits for its call: until it leaves, or until the nearest of all deadlines that the call has. One
 * signal for everybody who takes part, and at most one timer.
 */
export class CallWait {
  readonly #controller = new AbortController();
  #endMs = Number.POSITIVE_INFINITY;
  #passed: (() => ManagerError) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Aborts with the wait. Its reason is a ManagerError. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The call may not take longer than this from now on; `passed` makes the reason if it does. */
  limit(timeoutMs: number, passed: () => ManagerError = () => deadlinePassed(timeoutMs)): void {
    const nowMs = performance.now();
    const endMs = nowMs + timeoutMs;
    if (endMs >= this.#endMs) return;
    this.#endMs = endMs;
    this.#passed = passed;
    this.#arm(nowMs);
  }

  /** Sees to it that the deadline is kept. A timer may fire before its time. */
  #arm(nowMs = performance.now()): void {
    if (this.signal.aborted || this.#passed === undefined) return;
    clearTimeout(this.#timer);
    const leftMs = this.#endMs - nowMs;
    if (leftMs > 0) this.#timer = setTimeout(() => this.#arm(), Math.min(leftMs, maxTimerMs));
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
  }
}
