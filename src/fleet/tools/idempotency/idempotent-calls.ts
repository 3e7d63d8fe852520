import type { AbortSource } from "../../../base/async/abort-source.ts";
import { abortable } from "../../../base/async/abortable.ts";
import { Singleflight } from "../../../base/async/singleflight.ts";
import { ManagerError, toManagerError } from "../../../base/errors/errors.ts";
import { sha256 } from "../../../json/json-digest.ts";
import { keyReused, resultEvicted, tooManyKeys } from "./key-error.ts";
import { type CallResult, outcomeOfError, outcomeOfResult, replay } from "./outcome.ts";
import { type Ended, Remembered } from "./remembered.ts";

/** One call under a key. */
export interface KeyedCall {
  /** What the key is unique in: who calls, which server by its name, which tool. */
  readonly scope: readonly [identity: string, server: string, tool: string];
  readonly key: string;
  /** What is asked for (`callDigest`). */
  readonly digest: string;
  /** The caller's own deadline and cancel. */
  readonly signal?: AbortSource | undefined;
}

export interface IdempotentCallsOptions {
  /** Milliseconds since any moment; steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
  /** How long a call is remembered from its end on. Default: 10 min. */
  readonly windowMs?: number;
  /** Most memory for what is remembered of results. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** Most keys, those of calls under way and of forgotten results included. Default: 250,000. */
  readonly maxKeys?: number;
}

interface UnderWay {
  readonly digest: string;
  readonly work: Singleflight<CallResult>;
}

/**
 * Calls under idempotency keys: each is made once, and who asks again gets what came of it. While it is under way
 * others join it. What was not sent is forgotten: the next caller tries anew.
 */
export class IdempotentCalls {
  readonly #maxKeys: number;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #ended: Remembered;

  constructor(options: IdempotentCallsOptions) {
    const { elapsedMs, windowMs = 600_000, maxBytes = 64 * 1024 * 1024, maxKeys = 250_000 } = options;
    this.#maxKeys = maxKeys;
    this.#ended = new Remembered({ windowMs, maxBytes, elapsedMs });
  }

  /** Calls under way, and calls that are remembered. */
  get size(): { underWay: number; ended: number; bytes: number } {
    return { underWay: this.#underWay.size, ended: this.#ended.size, bytes: this.#ended.bytes };
  }

  /**
   * Does the work, joins it, or gives what came of it. The work must end when its signal aborts, and say in its error
   * whether the call was sent. Throws what the work throws; `invalid` for a key that was used for another input;
   * `not_running` when the result had to make room; `too_much` when there are too many keys.
   */
  async run(call: KeyedCall, work: (signal: AbortSignal) => Promise<CallResult>): Promise<CallResult> {
    const id = sha256(JSON.stringify([...call.scope, call.key]));
    for (;;) {
      const ended = this.#ended.get(id);
      if (ended !== undefined) return this.#again(ended, call);
      const underWay = this.#underWay.get(id);
      if (underWay === undefined) return await this.#begin(id, call, work);
      if (underWay.digest !== call.digest) throw keyReused();
      if (!underWay.work.abandoned) return await underWay.work.join({ signal: call.signal, left: mayGoOn });
      // What becomes of a call whose callers all left is known in a moment, and decides.
      await this.#end(underWay, call.signal);
    }
  }

  #again({ digest, delivery, outcome }: Ended, call: KeyedCall): CallResult {
    if (digest !== call.digest) throw keyReused();
    if (outcome === undefined) throw resultEvicted(delivery);
    return replay(outcome);
  }

  #begin(
    id: string,
    { digest, signal }: KeyedCall,
    work: (signal: AbortSignal) => Promise<CallResult>,
  ): Promise<CallResult> {
    if (this.#underWay.size + this.#ended.size >= this.#maxKeys) {
      throw tooManyKeys({ maxKeys: this.#maxKeys, retryAfterMs: this.#ended.nextMs ?? 1000 });
    }
    const shared = new Singleflight(async (sharedSignal) => {
      try {
        const result = await work(sharedSignal);
        this.#ended.add(id, { digest, outcome: outcomeOfResult(result) });
        return result;
      } catch (error) {
        const outcome = outcomeOfError(toManagerError(error));
        if (outcome !== undefined) this.#ended.add(id, { digest, outcome });
        throw error;
      } finally {
        this.#underWay.delete(id);
      }
    });
    this.#underWay.set(id, { digest, work: shared });
    return shared.join({ signal, left: mayGoOn });
  }

  async #end({ work }: UnderWay, signal: AbortSource | undefined): Promise<void> {
    try {
      await abortable(
        work.join({}).catch(() => {}),
        signal,
      );
    } catch (reason) {
      throw mayGoOn(reason);
    }
  }
}

/** Why a caller left, who doesn't know what becomes of the call. */
function mayGoOn(reason: unknown): unknown {
  return reason instanceof ManagerError ? reason.with({ delivery: "sent" }) : reason;
}
