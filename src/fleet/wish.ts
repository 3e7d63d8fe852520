import { type ServerSpec, specDefaults } from "../base/spec/spec.ts";
import type { CallLimits } from "./calls/calls.ts";
import { IdleClock, type IdleClockOptions } from "./calls/idle-clock.ts";

/** What a server is to be, and what follows from that at once. Its instances keep what they were made by. */
export interface Wish {
  readonly spec: ServerSpec;
  /** The set that declared it; undefined: a Start made it. */
  readonly origin: string | undefined;
  readonly callLimits: CallLimits;
  /** Undefined: it does not stop when nobody calls. */
  readonly idle: IdleClock | undefined;
}

export function wishFor(
  { spec, origin }: Pick<Wish, "spec" | "origin">,
  clock: Omit<IdleClockOptions, "idleMs">,
): Wish {
  const { idleTimeoutMs: idleMs, callLimits = {} } = spec;
  const { maxInFlight = specDefaults.maxInFlight, maxQueued = specDefaults.maxQueued } = callLimits;
  const idle = idleMs === undefined ? undefined : new IdleClock({ ...clock, idleMs });
  return { spec, origin, callLimits: { maxInFlight, maxQueued }, idle };
}
