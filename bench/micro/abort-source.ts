import { keep, type Pair, repeat } from "./by-hand.ts";

/** What both sides can do. */
interface Aborts {
  readonly signal: AbortSignal;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal for those who need one, and a list of listeners for all others. */
class AbortSource implements Aborts {
  readonly #controller = new AbortController();
  readonly #listeners: (() => void)[] = [];

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }
}

/** A signal alone. */
class Signal implements Aborts {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  addEventListener(type: "abort", listener: () => void): void {
    this.signal.addEventListener(type, listener, { once: true });
  }

  removeEventListener(type: "abort", listener: () => void): void {
    this.signal.removeEventListener(type, listener);
  }
}

export const abortSource: Pair = {
  thing: "an abort source with its own listeners",
  file: "src/base/async/call-wait.ts",
  lines: 50,
  plainForm: "those of an AbortSignal",
  part: { of: "a call", times: 1 },
  hand: repeat(() => use(new AbortSource())),
  plain: repeat(() => use(new Signal())),
};

/** What a call does: an interceptor listens, then the connection to the server. */
function use(aborts: Aborts): void {
  const onAbort = () => keep(aborts);
  const onEnd = () => keep(aborts);
  keep(aborts.signal);
  aborts.addEventListener("abort", onAbort);
  aborts.addEventListener("abort", onEnd);
  aborts.removeEventListener("abort", onEnd);
  aborts.removeEventListener("abort", onAbort);
}
