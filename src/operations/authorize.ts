import type { CallContext } from "./call-context.ts";
import type { Action, Operation, Target } from "./operation.ts";

/** Whether a call's principal may take this action on this target. Throws `denied`. */
export type Authorize = (call: CallContext, action: Action, target: Target) => void;

/** Everybody may do everything: there is no policy. */
export const allowAll: Authorize = () => {};

export interface RequestOf<Request> {
  readonly call: CallContext;
  readonly operation: Operation<Request>;
  readonly request: Request;
}

/** Asks of all that a request is about, before anything else looks at it. The one place where any face asks. */
export function authorizeRequest<Request>(
  authorize: Authorize,
  { call, operation, request }: RequestOf<Request>,
): void {
  for (const target of operation.targets(request)) authorize(call, operation.action, target);
}
