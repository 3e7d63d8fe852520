import { abortable } from "../../../base/async/abortable.ts";
import { abortedError } from "../../../base/errors/aborted-error.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";

/** Work that is done one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** The signal ends the wait for the turn, not what is done then. */
  async take<T>(work: () => Promise<T>, { signal }: RuntimeCallOptions): Promise<T> {
    const before = this.#last;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => over);
    try {
      await abortable(before, signal).catch((reason: unknown) => {
        throw abortedError(reason, "another server's turn at the engine");
      });
      return await work();
    } finally {
      resolve();
    }
  }
}
