import { Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { ManagerError } from "../errors.ts";
import { deadlinePassed } from "../fleet/deadline-signal.ts";

/** How long a handler may take to say what became of its call once its signal has aborted. */
const settleMs = 100;

export interface DeadlineOptions {
  /** The longest deadline of a call into a server; a longer one is cut to it. */
  readonly maxCallTimeoutMs: number;
  /** Names of the RPCs that call into a server. */
  readonly callsIntoServer: ReadonlySet<string>;
}

/**
 * Enforces deadlines and cancels of unary RPCs, even when a handler ignores its signal: the RPC library leaves that to
 * handlers. The handler's signal aborts with a ManagerError as its reason. Whose deadline passed before the request was
 * read, which the library does not look at, is not begun. An answer that is there when the timer would fire, or while the
 * handler settles, is sent: it is the truth about the call, and "outcome unknown" would not be.
 */
export function deadlineInterceptor(options: DeadlineOptions): Interceptor {
  return (next) => async (request) => {
    if (request.stream) return next({ ...request, signal: withReason(request.signal) });
    if (request.signal.aborted) throw reasonOf(request.signal).with({ delivery: "not_sent" });
    const maxMs = options.callsIntoServer.has(request.method.name) ? options.maxCallTimeoutMs : undefined;
    using limit = limitedSignal(request, maxMs);
    return await Promise.race([next({ ...request, signal: limit.signal }), limit.overdue]);
  };
}

/** The signal for the handler, and a promise that rejects some time after it aborted. */
function limitedSignal(request: UnaryRequest, maxMs: number | undefined) {
  const controller = new AbortController();
  const overdue = Promise.withResolvers<never>();
  overdue.promise.catch(() => {}); // Nobody waits for it when the handler was in time.
  let settleTimer: NodeJS.Timeout | undefined;
  const abort = (reason: ManagerError) => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    // A handler that answers in time knows whether the call was sent; this does not.
    settleTimer = setTimeout(() => overdue.reject(reason.with({ delivery: "sent" })), settleMs);
  };
  const onAbort = () => abort(reasonOf(request.signal));
  const maxTimer = maxMs === undefined ? undefined : setTimeout(() => abort(deadlinePassed(maxMs)), maxMs);
  request.signal.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    overdue: overdue.promise,
    [Symbol.dispose]() {
      clearTimeout(maxTimer);
      clearTimeout(settleTimer);
      request.signal.removeEventListener("abort", onAbort);
    },
  };
}

function withReason(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const onAbort = () => controller.abort(reasonOf(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  return controller.signal;
}

/** The RPC library aborts with its own errors: a deadline, or a caller that left. */
function reasonOf(signal: AbortSignal): ManagerError {
  const reason: unknown = signal.reason;
  if (reason instanceof ManagerError) return reason;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) {
    return new ManagerError("deadline", "the caller's deadline passed", { details: { reason: "DEADLINE_EXCEEDED" } });
  }
  return new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED" }, cause: reason });
}
