import type { Run } from "./run.ts";
import type { StateKind } from "./state-kind.ts";

/** What a server is doing. Why it failed is in its last error. */
export type ServerState =
  | { readonly kind: "pulling" }
  | { readonly kind: "creating" }
  | { readonly kind: "handshaking" }
  | { readonly kind: "ready"; readonly run: Run }
  | { readonly kind: "draining" }
  | { readonly kind: "failed" }
  | { readonly kind: "stopped" };

const allowed: Readonly<Record<StateKind, readonly StateKind[]>> = {
  pulling: ["creating", "failed", "draining"],
  creating: ["pulling", "handshaking", "failed", "draining"],
  handshaking: ["ready", "failed", "draining"],
  ready: ["handshaking", "failed", "draining"],
  failed: ["pulling", "creating", "handshaking", "draining"],
  draining: ["stopped", "failed"],
  stopped: [],
};

/** The next state. Throws when a server can't go there: that is a bug of the manager. */
export function transition(from: ServerState, to: ServerState): ServerState {
  if (from.kind !== to.kind && !allowed[from.kind].includes(to.kind)) {
    throw new Error(`a server can't go from ${from.kind} to ${to.kind}`);
  }
  return to;
}
