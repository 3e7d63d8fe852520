import { ManagerError, toManagerError } from "../errors.ts";
import type { Seat } from "./seats.ts";

interface Waiting {
  ready(seat: Seat): void;
  fail(error: ManagerError): void;
}

/** One call: what it does with its seat, and how many characters it keeps in memory while it waits. */
export interface Call<T> {
  readonly signal: AbortSignal | undefined;
  readonly chars: number;
  readonly work: (seat: Seat) => Promise<T>;
}

export interface CallsOptions {
  readonly maxWaitingChars: number;
  /** Takes a seat at a ready instance. An error: there will be none; undefined: wait. */
  readonly take: () => Seat | ManagerError | undefined;
}

/** A waiting call costs this much besides its arguments. */
const waitingOverheadChars = 1024;

/** The calls into one server: those that wait until it is ready, and those under way. */
export class Calls {
  readonly #server: string;
  readonly #waiting = new Set<Waiting>();
  readonly #options: CallsOptions;
  #waitingChars = 0;
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
    return this.#waiting.size;
  }

  /** Does the work now, when there is a seat, or not at all. */
  async run<T>(call: Call<T>): Promise<T> {
    const now = this.#options.take();
    if (now instanceof ManagerError) throw now;
    if (now !== undefined) this.#inFlight += 1;
    const seat = now ?? (await this.#seated(call));
    try {
      return await call.work(seat);
    } catch (error) {
      throw toManagerError(error).with({ instance: seat.instance });
    } finally {
      seat[Symbol.dispose]();
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#wakeIdle();
    }
  }

  /** Seats may have become free, or it is known that there will be none. */
  seatWaiting(): void {
    for (const call of [...this.#waiting]) {
      const outcome = this.#options.take();
      if (outcome === undefined) return;
      this.#waiting.delete(call);
      if (outcome instanceof ManagerError) call.fail(outcome);
      else {
        // From here on, or a drain could end between this and the call's own turn.
        this.#inFlight += 1;
        call.ready(outcome);
      }
    }
  }

  /** Fails all that wait. */
  refuseWaiting(error: ManagerError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) call.fail(error);
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

  #seated({ signal, chars }: Pick<Call<unknown>, "signal" | "chars">): Promise<Seat> {
    const cost = chars + waitingOverheadChars;
    if (this.#waitingChars + cost > this.#options.maxWaitingChars) return Promise.reject(queueFull(this.#server));
    if (signal?.aborted) return Promise.reject(notReadyInTime(this.#server, signal.reason));
    this.#waitingChars += cost;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiting);
        waiting.fail(notReadyInTime(this.#server, signal?.reason));
      };
      const done = () => {
        this.#waitingChars -= cost;
        signal?.removeEventListener("abort", onAbort);
      };
      const waiting: Waiting = {
        ready: (seat) => {
          done();
          resolve(seat);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

function queueFull(server: string): ManagerError {
  return new ManagerError("too_much", `too many calls wait until server ${server} is ready`, {
    details: { reason: "QUEUE_FULL", server, delivery: "not_sent", retryAfterMs: 1000 },
  });
}

/** A deadline that passes while a call waits is not the call's: it was never sent, and repeating it is safe. */
function notReadyInTime(server: string, reason: unknown): ManagerError {
  if (reason instanceof ManagerError && reason.kind !== "deadline")
    return reason.with({ server, delivery: "not_sent" });
  return new ManagerError("unavailable", `server ${server} was not ready before the call's deadline`, {
    details: { reason: "SERVER_NOT_READY", server, delivery: "not_sent", retryAfterMs: 1000 },
  });
}
