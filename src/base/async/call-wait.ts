import type { ManagerError } from "../errors/errors.ts";
import type { AbortSource } from "./abort-source.ts";
import { deadlinePassed } from "./deadline-signal.ts";

/** A deadline further away than this has no timer of its own. */
const farMs = 2000;
const lookMs = 1000;

/** A wait's place among those whose deadlines are far away. */
interface FarPlace {
  readonly wait: CallWait;
  index: number;
}

/**
 * Waits whose deadlines are far away share one timer: most calls end long before it, and a timer each costs a call more,
 * most of all when it is alone (bench/README.md, micro). They are in a list, where the last one takes the place of one
 * that leaves, and not in a Set: with 4,000 in flight, two million that came and went left
 * 45 MB in Node 24's old space and made it collect all of its heap twenty times; in a list 2 MB, and never.
 */
export class FarDeadlines {
  #places: FarPlace[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(wait: CallWait): FarPlace {
    const place = { wait, index: this.#places.length };
    this.#places.push(place);
    this.#timer ??= setTimeout(() => this.#look(), lookMs).unref();
    return place;
  }

  delete(place: FarPlace): void {
    if (this.#places[place.index] !== place) return;
    const last = this.#places.pop();
    if (last === undefined || last === place) return;
    last.index = place.index;
    this.#places[last.index] = last;
  }

  #look(): void {
    this.#timer = undefined;
    const places = this.#places;
    this.#places = [];
    for (const { wait } of places) wait.arm();
  }
}

/**
 * How long one caller waits for its call: until it leaves, or until the nearest of all deadlines that the call has. One
 * signal for everybody who takes part, and at most one timer.
 */
export class CallWait implements AbortSource {
  readonly #controller = new AbortController();
  readonly #far: FarDeadlines;
  #endMs = Number.POSITIVE_INFINITY;
  #passed: (() => ManagerError) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #place: FarPlace | undefined;
  /** Cheaper than those of the signal, which few ask for (bench/README.md, micro): next to no call is aborted. */
  #listeners: (() => void)[] = [];

  constructor(far: FarDeadlines) {
    this.#far = far;
  }

  /** For code that needs a platform signal; it aborts with the wait. Its reason is a ManagerError. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted;
  }

  get reason(): unknown {
    return this.#controller.signal.reason;
  }

  /** Called once at most, at the abort. */
  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }

  /** The call may not take longer than this from now on; `passed` makes the reason if it does. */
  limit(timeoutMs: number, passed: () => ManagerError = () => deadlinePassed(timeoutMs)): void {
    const nowMs = performance.now();
    const endMs = nowMs + timeoutMs;
    if (endMs >= this.#endMs) return;
    this.#endMs = endMs;
    this.#passed = passed;
    this.arm(nowMs);
  }

  /** Sees to it that the deadline is kept. */
  arm(nowMs = performance.now()): void {
    if (this.aborted || this.#passed === undefined) return;
    this.#stop();
    const leftMs = this.#endMs - nowMs;
    if (leftMs > farMs) this.#place = this.#far.add(this);
    else if (leftMs > 0) this.#timer = setTimeout(() => this.arm(), leftMs);
    else this.abort(this.#passed());
  }

  /** Ends the wait before the call has ended. */
  abort(reason: ManagerError): void {
    this.end();
    if (this.aborted) return;
    this.#controller.abort(reason);
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** The call has ended. */
  end(): void {
    this.#passed = undefined;
    this.#stop();
  }

  #stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#place !== undefined) this.#far.delete(this.#place);
    this.#timer = undefined;
    this.#place = undefined;
  }
}
