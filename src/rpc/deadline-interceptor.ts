import { Code, ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { ManagerError } from "../errors.ts";
import { deadlinePassed } from "../fleet/deadline-signal.ts";
import { callWaitKey } from "./caller-context.ts";

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
    if (wait?.signal === request.signal && !request.stream) {
      if (maxMs !== undefined) wait.limit(maxMs);
      return settled(next(request), wait.signal);
    }
    using limits = new DisposableStack();
    const signal = limits.use(limitedSignal(request, maxMs)).signal;
    const response = await settled(next({ ...request, signal }), signal);
    if (!response.stream) return response;
    // The limits hold until the last message.
    return { ...response, message: limitedStream(response.message, { signal, limits: limits.move() }) };
  };
}

/** The messages of a handler; after its signal has aborted one more may come, which is its last word. */
async function* limitedStream<T>(
  messages: AsyncIterable<T>,
  { signal, limits }: { readonly signal: AbortSignal; readonly limits: Disposable },
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (let lastWords = 0; lastWords < 2; ) {
      const next = await settled(iterator.next(), signal);
      if (next.done) return;
      if (signal.aborted) lastWords += 1;
      if (lastWords < 2) yield next.value;
    }
    throw abandoned(signal);
  } finally {
    limits[Symbol.dispose]();
    // Not awaited: a handler that is stuck never returns.
    iterator.return?.().catch(() => {});
  }
}

/** What a handler promised, or the signal's reason when it does not come for some time after the abort. */
function settled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
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
function abandoned(signal: AbortSignal): ManagerError {
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
function reasonOf(signal: AbortSignal): ManagerError {
  const reason: unknown = signal.reason;
  if (reason instanceof ManagerError) return reason;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) return callerDeadlinePassed();
  return callerLeft(reason);
}

/** The reason of a wait whose caller set the deadline. */
export function callerDeadlinePassed(): ManagerError {
  return new ManagerError("deadline", "the caller's deadline passed", { details: { reason: "DEADLINE_EXCEEDED" } });
}

/** The reason of a wait whose caller does not wait any more. */
export function callerLeft(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED" }, cause });
}
