import type { Run } from "../run/run.ts";
import type { StateKind } from "../state/state-kind.ts";

/** What one instance of a server is doing. Why it failed is in its last error. */
export type InstanceState =
  | { readonly kind: "pulling" }
  | { readonly kind: "creating" }
  | { readonly kind: "handshaking" }
  | { readonly kind: "ready"; readonly run: Run }
  /** It is started again at this time. */
  | { readonly kind: "backing_off"; readonly untilMs: number }
  /** Stopped because nobody called; the next call starts it. */
  | { readonly kind: "idle" }
  | { readonly kind: "draining" }
  | { readonly kind: "failed" }
  | { readonly kind: "stopped" };

const allowed: Readonly<Record<StateKind, readonly StateKind[]>> = {
  pulling: ["creating", "backing_off", "failed", "draining"],
  creating: ["pulling", "handshaking", "backing_off", "idle", "failed", "draining"],
  // Back to creating: the container is replaced by one of the legacy era.
  handshaking: ["ready", "creating", "backing_off", "idle", "failed", "draining"],
  ready: ["handshaking", "creating", "backing_off", "idle", "failed", "draining"],
  backing_off: ["pulling", "creating", "handshaking", "failed", "draining"],
  idle: ["pulling", "creating", "handshaking", "backing_off", "failed", "draining"],
  failed: ["pulling", "creating", "handshaking", "backing_off", "idle", "draining"],
  draining: ["stopped", "failed"],
  stopped: [],
};

/** The next state. Throws when an instance can't go there: that is a bug of the manager. */
export function transition(from: InstanceState, to: InstanceState): InstanceState {
  if (from.kind !== to.kind && !allowed[from.kind].includes(to.kind)) {
    throw new Error(`an instance can't go from ${from.kind} to ${to.kind}`);
  }
  return to;
}

/** From the state that matters most to a caller to the one that matters least. */
const precedence: readonly StateKind[] = [
  "draining",
  "ready",
  "handshaking",
  "creating",
  "pulling",
  "backing_off",
  "idle",
  "failed",
  "stopped",
];

/** The state of a server by the states of its instances: ready as soon as one is. */
export function combined(states: readonly StateKind[]): StateKind {
  return precedence.find((kind) => states.includes(kind)) ?? "stopped";
}
