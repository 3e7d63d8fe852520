import { keep, type Pair, repeat } from "./by-hand.ts";

/** Ends nothing. */
class Ended implements Disposable {
  readonly instance: string;
  readonly #end: () => void;

  constructor(instance: string, end: () => void) {
    this.instance = instance;
    this.#end = end;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

export const disposableClass: Pair = {
  thing: "a permit of a class",
  file: "src/fleet/calls/permits.ts",
  plainForm: "a literal with Symbol.dispose",
  // And the signal of its call.
  part: { of: "a call", times: 2 },
  hand: repeat(() => end(new Ended("instance", () => keep(1)))),
  plain: repeat(() => end({ instance: "instance", [Symbol.dispose]: () => keep(1) })),
};

export const finallyForm: Pair = {
  thing: "finally",
  file: "src/fleet/fleet.ts",
  plainForm: "using",
  part: { of: "a call", times: 1 },
  hand: async (times) => {
    for (let time = 0; time < times; time += 1) await byFinally(nothing);
  },
  plain: async (times) => {
    for (let time = 0; time < times; time += 1) await byUsing(nothing);
  },
};

function end(disposable: Disposable & { readonly instance: string }): void {
  keep(disposable);
  disposable[Symbol.dispose]();
}

async function nothing(): Promise<void> {}

async function byFinally(work: () => Promise<void>): Promise<void> {
  const ended = new Ended("instance", () => keep(1));
  try {
    return await work();
  } finally {
    ended[Symbol.dispose]();
  }
}

async function byUsing(work: () => Promise<void>): Promise<void> {
  using _ended = new Ended("instance", () => keep(1));
  return await work();
}
