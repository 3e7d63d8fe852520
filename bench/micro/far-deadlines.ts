import { setImmediate } from "node:timers/promises";
import { CallWait, FarDeadlines } from "../../src/base/async/call-wait.ts";
import type { Pair, Side } from "./by-hand.ts";

const deadlineMs = 60_000;

type Place = ReturnType<FarDeadlines["add"]>;

/** A timer for each wait. */
class OwnTimers extends FarDeadlines {
  readonly #timers = new WeakMap<Place, NodeJS.Timeout>();

  override add(wait: CallWait): Place {
    const place = { wait, index: 0 };
    this.#timers.set(
      place,
      setTimeout(() => wait.arm(), deadlineMs),
    );
    return place;
  }

  override delete(place: Place): void {
    clearTimeout(this.#timers.get(place));
  }
}

/**
 * One call in flight, and a turn of the loop in each: a timer of its own is then the only one of its kind, for which Node
 * makes and drops a list, and asks libuv anew.
 */
export const farDeadlines: Pair = {
  thing: "far deadlines that share a timer",
  file: "src/base/async/call-wait.ts",
  plainForm: "a timer each",
  goesBelow: 1.2,
  part: { of: "a call", times: 1 },
  hand: oneAtATime(new FarDeadlines()),
  plain: oneAtATime(new OwnTimers()),
};

function oneAtATime(far: FarDeadlines): Side {
  return async (times) => {
    for (let time = 0; time < times; time += 1) {
      const wait = new CallWait(far);
      wait.limit(deadlineMs);
      await setImmediate();
      wait.end();
    }
  };
}
