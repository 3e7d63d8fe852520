import type { AbortSource } from "../../base/async/abort-source.ts";
import { deadlineSignal } from "../../base/async/deadline-signal.ts";
import { toManagerError } from "../../base/errors/errors.ts";
import type { ToolCall } from "../../mcp/features/tools/tool-call.ts";
import type { Fleet } from "../fleet.ts";
import type { CallOptions } from "../fleet-options.ts";
import type { ArgumentCheck } from "./argument-check/argument-check.ts";
import type { CallFeed } from "./call-feed.ts";
import { callDigest } from "./idempotency/call-digest.ts";
import type { IdempotentCalls } from "./idempotency/idempotent-calls.ts";
import type { CallResult } from "./idempotency/outcome.ts";

export interface ToolCallsOptions {
  readonly fleet: Fleet;
  readonly idempotentCalls: IdempotentCalls;
  readonly argumentCheck: ArgumentCheck;
}

/** How a tool is called. */
export interface ToolCallOptions extends CallOptions {
  /** The call is made once under this key. */
  readonly idempotencyKey?: string | undefined;
  /** Whether the arguments must follow the tool's input schema. */
  readonly validateArguments?: boolean;
  /** Told what happens meanwhile, if this caller's request is the one that is sent. */
  readonly feed?: CallFeed | undefined;
}

/** The calls of tools, with what callers may wish besides. */
export class ToolCalls {
  readonly #options: ToolCallsOptions;

  constructor(options: ToolCallsOptions) {
    this.#options = options;
  }

  /**
   * Calls a tool of a server. Throws what `Fleet.call`, `Session.callTool`, `IdempotentCalls.run` and
   * `ArgumentCheck.check` throw. Errors name the server.
   */
  call(server: string, call: ToolCall, options: ToolCallOptions): Promise<CallResult> {
    const { idempotencyKey: key } = options;
    return key === undefined ? this.#send(server, call, options) : this.#callOnce(server, call, { ...options, key });
  }

  async #callOnce(server: string, call: ToolCall, options: ToolCallOptions & { key: string }): Promise<CallResult> {
    const { fleet, idempotentCalls } = this.#options;
    const { key, callerHasDeadline, caller } = options;
    // Of callers who share a call each has a deadline of its own, and the call has none.
    using deadline = deadlineSignal(options, callerHasDeadline ? undefined : fleet.callTimeoutMs(server));
    const keyed = { scope: [caller.scope, server, call.tool] as const, key, digest: callDigest(call) };
    const alone = { limit: undefined, callerHasDeadline: true };
    const send = (signal: AbortSource) => this.#send(server, call, { ...options, ...alone, signal });
    try {
      return await idempotentCalls.run({ ...keyed, signal: deadline.signal }, send);
    } catch (error) {
      throw toManagerError(error).with({ server });
    }
  }

  #send(server: string, call: ToolCall, options: ToolCallOptions): Promise<CallResult> {
    const { fleet, argumentCheck } = this.#options;
    return fleet.call(server, {
      ...options,
      work: async ({ session, instance }, signal) => {
        options.feed?.begin(instance);
        if (options.validateArguments) await argumentCheck.check({ server, session, call, signal });
        return { result: await session.callTool(call, { signal, events: options.feed }), instance };
      },
    });
  }
}
