import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { AbortSource } from "../../abort-source.ts";
import { ManagerError } from "../../errors.ts";
import { deadlinePassed } from "../../fleet/deadline-signal.ts";
import { callWaitKey } from "./caller-context.ts";
import { LimitedMessages } from "./limited-messages.ts";

/** How long a handler may take to say what became of its call once its signal has aborted. */
const settleMs = 100;

export interface DeadlineOptions {
  /** The longest deadline of a call into a server; a longer one is cut to it. */
  readonly maxCallTimeoutMs: number;
  /** Names of the RPCs that call into a server. */
  readonly callsIntoServer: ReadonlySet<string>;
}

/**
 * Enforces deadlines and cancels, even when a handler ignores its signal: the RPC library leaves that to handlers. The
 * handler's signal aborts with a ManagerError as its reason. Whose deadline passed before the request was read, which the
 * library does not look at, is not begun. An answer that is there when the timer would fire, or while the handler settles,
 * is sent: it is the truth about the call, and "outcome unknown" would not be.
 */
export function deadlineInterceptor(options: DeadlineOptions): Interceptor {
  return (next) => async (request) => {
    if (request.signal.aborted) throw reasonOf(request.signal).with({ delivery: "not_sent" });
    const maxMs = options.callsIntoServer.has(request.method.name) ? options.maxCallTimeoutMs : undefined;
    const wait = request.contextValues.get(callWaitKey);
    if (wait?.signal === request.signal) {
      if (maxMs !== undefined) wait.limit(maxMs);
      const response = await settled(next(request), wait);
      return response.stream ? limitedStream(response, { signal: wait.signal }) : response;
    }
    using limits = new DisposableStack();
    const signal = limits.use(limitedSignal(request, maxMs)).signal;
    const response = await settled(next({ ...request, signal }), signal);
    return response.stream ? limitedStream(response, { signal, limits: limits.move() }) : response;
  };
}

/** The limits hold until the last message. */
function limitedStream(
  response: StreamResponse,
  { signal, limits }: { readonly signal: AbortSignal; readonly limits?: Disposable },
): StreamResponse {
  const message = new LimitedMessages(response.message, {
    signal,
    settleMs,
    abandoned: () => abandoned(signal),
    onEnd: () => limits?.[Symbol.dispose](),
  });
  return { ...response, message };
}

/** What a handler promised, or the signal's reason when it does not come for some time after the abort. */
function settled<T>(promise: Promise<T>, signal: AbortSource): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      timer = setTimeout(() => reject(abandoned(signal)), settleMs);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    promise.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}

/** A handler that answers in time knows whether the call was sent; nobody else does. */
function abandoned(signal: AbortSource): ManagerError {
  return reasonOf(signal).with({ delivery: "sent" });
}

/** The signal for the handler: the request's, with reasons of ours, and no later than the maximum. */
function limitedSignal(request: UnaryRequest | StreamRequest, maxMs: number | undefined) {
  const controller = new AbortController();
  const onAbort = () => {
    clearTimeout(maxTimer);
    controller.abort(reasonOf(request.signal));
  };
  const maxTimer = maxMs === undefined ? undefined : setTimeout(() => controller.abort(deadlinePassed(maxMs)), maxMs);
  request.signal.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(maxTimer);
      request.signal.removeEventListener("abort", onAbort);
    },
  };
}

/** The RPC library aborts with its own errors: a deadline, or a caller that left. */
function reasonOf(signal: AbortSource): ManagerError {
  const reason: unknown = signal.reason;
  if (reason instanceof ManagerError) return reason;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) return callerDeadlinePassed();
  return callerLeft(reason);
}

/** The reason of a wait whose caller set the deadline. Who ends by it and knows how far the call came replaces `sent`. */
export function callerDeadlinePassed(): ManagerError {
  return new ManagerError("deadline", "the caller's deadline passed", {
    details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
  });
}

/** The reason of a wait whose caller does not wait any more. `sent` as above. */
export function callerLeft(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left", {
    details: { reason: "CANCELLED", delivery: "sent" },
    cause,
  });
}
