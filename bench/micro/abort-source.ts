import type { AbortSource } from "../../src/base/async/abort-source.ts";
import { CallWait, FarDeadlines } from "../../src/base/async/call-wait.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const far = new FarDeadlines();

export const abortSource: Pair = {
  thing: "an abort source with its own listeners",
  file: "src/base/async/call-wait.ts",
  plainForm: "those of its AbortSignal",
  goesBelow: 1.5,
  part: { of: "a call", times: 1 },
  hand: repeat(() => {
    const wait = new CallWait(far);
    takePart(wait);
    wait.end();
  }),
  plain: repeat(() => {
    const wait = new CallWait(far);
    takePart(wait.signal);
    wait.end();
  }),
};

/** What a call does: an interceptor listens, then the connection to the server. */
function takePart(source: AbortSource): void {
  const onAbort = () => keep(source);
  const onEnd = () => keep(source);
  keep(source.aborted);
  source.addEventListener("abort", onAbort, { once: true });
  source.addEventListener("abort", onEnd, { once: true });
  source.removeEventListener("abort", onEnd);
  source.removeEventListener("abort", onAbort);
}
