import type { Era } from "../../base/spec/spec.ts";

/** What a server can be asked to find its era out: `server/discover`, called the probe, or `initialize`. */
export type Question = "probe" | "initialize";

/** What is known of a program's era. It decides what is asked first; what counts is what the server says. */
export interface EraHint {
  readonly era: Era;
  /** False: it was silent when it was probed, and took initialize. */
  readonly answersProbe: boolean;
}

/** What a server is asked while it says nothing, by the time since the first question. */
export type Plan = readonly { readonly atMs: number; readonly questions: readonly Question[] }[];

export interface PlanOptions {
  readonly likely?: EraHint | undefined;
  readonly modernOnly?: boolean;
  /** How long a silence is until something else is asked. */
  readonly probeMs: number;
  /** By when a program that is not as it was known must have been asked both. */
  readonly bothWithinMs: number;
}

/** By units of `probeMs`. */
const plans = {
  modern: [
    [0, ["probe"]],
    [1, ["probe"]],
    [3, ["probe"]],
  ],
  unknown: [
    [0, ["probe"]],
    // The probe again, and first: of a server that speaks both eras, its reply says so.
    [1, ["probe", "initialize"]],
    [3, ["probe"]],
  ],
  likelyModern: [
    [0, ["probe"]],
    [1, ["probe"]],
    // Late: a server that speaks both eras is of the legacy one once it has read this.
    [3, ["probe", "initialize"]],
  ],
  likelyLegacy: [
    [0, ["initialize"]],
    [1, ["probe"]],
    [3, ["probe"]],
  ],
  /** That initialize was eaten, no reply to the probe would tell. */
  likelySilent: [
    [0, ["initialize"]],
    [1, ["probe"]],
    [2, ["initialize"]],
    [3, ["probe"]],
  ],
} as const satisfies Record<string, readonly (readonly [number, readonly Question[]])[]>;

/** What a server is asked when, by what is known of its program. */
export function planOf(options: PlanOptions): Plan {
  const { likely, probeMs, bothWithinMs } = options;
  return plans[nameOf(options)].map(([units, questions]) => {
    const atMs = units * probeMs;
    return { atMs: likely === undefined ? atMs : Math.min(atMs, bothWithinMs), questions };
  });
}

function nameOf({ likely, modernOnly }: PlanOptions): keyof typeof plans {
  if (modernOnly) return "modern";
  if (likely === undefined) return "unknown";
  if (likely.era === "modern") return "likelyModern";
  return likely.answersProbe ? "likelyLegacy" : "likelySilent";
}
