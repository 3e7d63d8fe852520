import { CallWait, type FarDeadlines } from "../base/async/call-wait.ts";
import type { Caller } from "../fleet/calls/caller.ts";
import { readTraceContext, type TraceContext } from "../mcp/protocol/trace-context.ts";
import { callerDeadlinePassed } from "./call-end.ts";
import { anonymous, type Principal } from "./principal.ts";

/** Where a request's headers are looked up, by their lower-case names. */
export interface CallHeaders {
  get(name: string): string | null;
}

/** A request of any protocol, as soon as its headers are there. */
export interface CallRequest {
  readonly headers: CallHeaders;
  /** What stands for the connection on which it came. Undefined: that is closed already. */
  readonly connection: object | undefined;
  /** How long its caller waits, from now on, in milliseconds. Undefined: for as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** False: the RPC library enforces that deadline, and the wait follows it. Default: true. */
  readonly enforced?: boolean;
}

/** Who calls, how long they wait, and what trace the call is a part of: the same for every protocol. */
export class CallContext implements Caller, Disposable {
  readonly principal: Principal;
  /** The deadline and the abort, as one. Ended by the one that opened the call. */
  readonly wait: CallWait;
  readonly lane: object | undefined;
  readonly #endMs: number | undefined;
  readonly #headers: CallHeaders;
  #trace: TraceContext | undefined;

  constructor(
    { headers, connection, timeoutMs }: CallRequest,
    { principal, wait }: { readonly principal: Principal; readonly wait: CallWait },
  ) {
    this.principal = principal;
    this.wait = wait;
    this.lane = connection;
    this.#endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    this.#headers = headers;
  }

  /** Whether the caller set a deadline. */
  get hasDeadline(): boolean {
    return this.#endMs !== undefined;
  }

  /** What is left until the caller's deadline, if there is one; below zero when it has passed. */
  get timeoutLeftMs(): number | undefined {
    return this.#endMs === undefined ? undefined : this.#endMs - performance.now();
  }

  /** The call is over, however it ended. */
  [Symbol.dispose](): void {
    this.wait.end();
  }

  /** Idempotency keys are unique within it. */
  get scope(): string {
    return this.principal.id;
  }

  /** For the `_meta` of what is sent to a server. Read when somebody asks: most RPCs send nothing. */
  get trace(): TraceContext {
    this.#trace ??= readTraceContext(this.#headers);
    return this.#trace;
  }
}

/** The one place where a call begins, whatever its protocol. */
export type OpenCall = (request: CallRequest) => CallContext;

/** Opens calls, whose far deadlines share a timer. */
export function callOpener(farDeadlines: FarDeadlines): OpenCall {
  return (request) => {
    const wait = new CallWait(farDeadlines);
    const { timeoutMs, enforced = true } = request;
    if (timeoutMs !== undefined && enforced) wait.limit(timeoutMs, callerDeadlinePassed);
    return new CallContext(request, { principal: anonymous, wait });
  };
}
