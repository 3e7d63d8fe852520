import type { CallContext } from "./call-context.ts";
import type { Action, Target } from "./operation.ts";

/**
 * Whether a call's principal may take this action on this target: one for all faces, asked before anything else looks at
 * the target. Throws `denied`.
 */
export type Authorize = (call: CallContext, action: Action, target: Target) => void;

/** Everybody may do everything: there is no policy. */
export const allowAll: Authorize = () => {};
