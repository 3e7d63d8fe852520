import { setImmediate } from "node:timers/promises";
import type { AbortSource } from "../../base/async/abort-source.ts";
import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { CallLimitsSpec } from "../../base/spec/spec.ts";
import type { Caller } from "./caller.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Permit } from "./permits.ts";
import { queueFull, waitEnded } from "./queue-error.ts";

/** One call: its work, its caller, and how many characters it keeps in memory while it waits. */
export interface Call<T> {
  readonly signal: AbortSource | undefined;
  readonly chars: number;
  readonly caller: Caller;
  readonly work: (permit: Permit) => Promise<T>;
}

/** How many calls a server gets at a time, and how many wait for their turn. */
export type CallLimits = Required<CallLimitsSpec>;

export interface CallsOptions {
  /** Why there will be no permit; undefined: there will be one. */
  readonly refusal: () => ManagerError | undefined;
  /** Takes a permit at a ready instance; undefined: there is none yet. */
  readonly take: () => Permit | undefined;
  /** The limits as they are now; a server may get others. */
  readonly limits: () => CallLimits;
  /** Most characters that waiting calls may keep in memory. */
  readonly maxQueuedChars: number;
}

interface Queued {
  start(permit: Permit): void;
  fail(error: ManagerError): void;
}

/** A waiting call costs this much besides its arguments. */
const queuedOverheadChars = 1024;

/** The calls into one server: those that wait until it is ready and has room for them, and those under way. */
export class Calls {
  readonly #server: string;
  readonly #options: CallsOptions;
  readonly #queue = new FairQueue<Queued>();
  #queuedChars = 0;
  #inFlight = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(server: string, options: CallsOptions) {
    this.#server = server;
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Does the work, at once or in its turn. Throws why there is no session, `too_much`, or the signal's reason. When the
   * session is lost before the work was sent, the work waits for the next session.
   */
  async run<T>(call: Call<T>): Promise<T> {
    for (;;) {
      const permit = this.#admit() ?? (await this.#wait(call));
      try {
        return await call.work(permit);
      } catch (error) {
        const failure = toManagerError(error).with({ instance: permit.instance });
        const { reason, delivery } = failure.details;
        if (reason !== "ATTACHMENT_LOST" || delivery !== "not_sent") throw failure;
      } finally {
        permit[Symbol.dispose]();
        this.#inFlight -= 1;
        this.wake();
        if (this.#inFlight === 0) this.#wakeIdle();
      }
      // After that, the server knows what became of the session.
      await setImmediate();
    }
  }

  /** Starts or fails what waits, as far as the server's readiness and limits now say. */
  wake(): void {
    while (this.#queue.size > 0) {
      const refusal = this.#options.refusal();
      if (refusal !== undefined) {
        this.failQueued(refusal);
        return;
      }
      const permit = this.#inFlight < this.#options.limits().maxInFlight ? this.#options.take() : undefined;
      if (permit === undefined) return;
      // Counted here and not when the call goes on: a drain could end in between.
      this.#inFlight += 1;
      this.#queue.take()?.start(permit);
    }
  }

  failQueued(error: ManagerError): void {
    for (let call = this.#queue.take(); call !== undefined; call = this.#queue.take()) call.fail(error);
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    const { promise } = this.#idle;
    return promise;
  }

  #wakeIdle(): void {
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Calls that wait need no look here: a permit that becomes free goes to the queue at once. */
  #admit(): Permit | undefined {
    const refusal = this.#options.refusal();
    if (refusal !== undefined) throw refusal;
    if (this.#inFlight >= this.#options.limits().maxInFlight) return undefined;
    const permit = this.#options.take();
    if (permit !== undefined) this.#inFlight += 1;
    return permit;
  }

  async #wait({ signal, chars, caller }: Omit<Call<unknown>, "work">): Promise<Permit> {
    if (signal?.aborted) throw this.#waitEnded(signal);
    const cost = chars + queuedOverheadChars;
    this.#checkRoom(cost);
    const turn = Promise.withResolvers<Permit>();
    const call: Queued = { start: turn.resolve, fail: turn.reject };
    const onAbort = () => {
      this.#queue.remove(caller.lane, call);
      if (signal !== undefined) call.fail(this.#waitEnded(signal));
    };
    this.#queue.add(caller.lane, call);
    this.#queuedChars += cost;
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await turn.promise;
    } finally {
      this.#queuedChars -= cost;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #checkRoom(cost: number): void {
    const { limits, maxQueuedChars } = this.#options;
    const { maxQueued } = limits();
    if (this.#queue.size >= maxQueued) throw queueFull(this.#server, `call_limits.max_queued is ${maxQueued}`);
    if (this.#queuedChars + cost > maxQueuedChars)
      throw queueFull(this.#server, "the waiting calls take more than MCPM_MAX_LINE_BYTES");
  }

  #waitEnded(signal: AbortSource): ManagerError {
    const isReady = this.#inFlight >= this.#options.limits().maxInFlight;
    return waitEnded(this.#server, { reason: signal.reason, isReady });
  }
}
