import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { AbortSource } from "../../base/async/abort-source.ts";
import type { CallWait } from "../../base/async/call-wait.ts";
import { ManagerError } from "../../base/errors/errors.ts";
import { callerDeadlinePassed, callerLeft } from "../../operations/call-end.ts";
import { callOf } from "./call-key.ts";
import { LimitedMessages } from "./limited-messages.ts";
import type { OperationOf } from "./service-operations.ts";

/** How long a handler may go on after its signal has aborted, to report what became of its call. */
const settleMs = 100;

export interface DeadlineOptions {
  /** The longest deadline of a call into a server; a longer one is cut to it. */
  readonly maxCallTimeoutMs: number;
  readonly operationOf: OperationOf;
}

/**
 * Enforces deadlines and cancels, even when a handler ignores its signal: the RPC library leaves that to handlers. The
 * handler's signal aborts with a ManagerError as its reason. A call whose deadline passed before the request was read
 * is not begun; the library does not check that. A response that is there when the timer would fire, or while the
 * handler settles, is sent: it is the truth about the call, and "outcome unknown" would not be.
 */
export function deadlineInterceptor(options: DeadlineOptions): Interceptor {
  return (next) => async (request) => {
    const { wait } = callOf({ values: request.contextValues });
    if (wait.aborted) throw reasonOf(wait).with({ delivery: "not_sent" });
    if (request.signal.aborted) throw reasonOf(request.signal).with({ delivery: "not_sent" });
    if (options.operationOf(request.method).capped) wait.limit(options.maxCallTimeoutMs);
    const { signal } = wait;
    if (signal !== request.signal) return ofLibrary({ request, next, wait });
    const response = await settled(next(request), wait);
    return response.stream ? limitedStream(response, { signal }) : response;
  };
}

/** A request whose signal the RPC library made: the wait follows that, and is what the handler is given. */
async function ofLibrary({ request, next, wait }: LibraryCall): Promise<UnaryResponse | StreamResponse> {
  const { signal } = wait;
  using follows = new DisposableStack();
  follows.use(followed(wait, request.signal));
  const response = await settled(next({ ...request, signal }), wait);
  return response.stream ? limitedStream(response, { signal, follows: follows.move() }) : response;
}

interface LibraryCall {
  readonly request: UnaryRequest | StreamRequest;
  readonly next: ReturnType<Interceptor>;
  readonly wait: CallWait;
}

/** `follows` ends with the last message. */
function limitedStream(
  response: StreamResponse,
  { signal, follows }: { readonly signal: AbortSignal; readonly follows?: Disposable },
): StreamResponse {
  const message = new LimitedMessages(response.message, {
    signal,
    settleMs,
    abandoned: () => endOf(signal),
    onEnd: () => follows?.[Symbol.dispose](),
  });
  return { ...response, message };
}

/** The handler's outcome, or the signal's reason when there is no outcome some time after the abort. */
function settled<T>(promise: Promise<T>, signal: AbortSource): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      timer = setTimeout(() => reject(endOf(signal)), settleMs);
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

/** Only a handler that ends in time knows whether the call was sent. */
function endOf(signal: AbortSource): ManagerError {
  return reasonOf(signal).with({ delivery: "sent" });
}

/** Has the wait abort with the signal of the RPC library, and a reason of ours. Disposing it ends the wait. */
function followed(wait: CallWait, signal: AbortSignal): Disposable {
  const onAbort = () => wait.abort(reasonOf(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    [Symbol.dispose]() {
      wait.end();
      signal.removeEventListener("abort", onAbort);
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
