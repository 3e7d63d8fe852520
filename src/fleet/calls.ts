import { ManagerError } from "../errors.ts";
import type { Session } from "../mcp/session.ts";

interface Waiting {
  ready(session: Session): void;
  fail(error: ManagerError): void;
}

/** The calls into one server: those that wait until it is ready, and those under way. */
export class Calls {
  readonly #server: string;
  readonly #waiting = new Set<Waiting>();
  #inFlight = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** Does the work now, when ready, or not at all: `now` is the session, why there will be none, or undefined: wait. */
  async run<T>(
    now: Session | ManagerError | undefined,
    call: { signal: AbortSignal | undefined; work: (session: Session) => Promise<T> },
  ): Promise<T> {
    if (now instanceof ManagerError) throw now;
    if (now !== undefined) this.#inFlight += 1;
    const session = now ?? (await this.#ready(call.signal));
    try {
      return await call.work(session);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#wakeIdle();
    }
  }

  /** The server became ready, or will not. */
  settleWaiting(outcome: Session | ManagerError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) {
      if (outcome instanceof ManagerError) call.fail(outcome);
      else {
        // From here on, or a drain could end between this and the call's own turn.
        this.#inFlight += 1;
        call.ready(outcome);
      }
    }
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

  #ready(signal: AbortSignal | undefined): Promise<Session> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiting);
        reject(notReadyInTime(this.#server, signal?.reason));
      };
      const done = () => signal?.removeEventListener("abort", onAbort);
      const waiting: Waiting = {
        ready: (session) => {
          done();
          resolve(session);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      if (signal?.aborted) {
        onAbort();
        return;
      }
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

/** A deadline that passes while a call waits is not the call's: it was never sent, and repeating it is safe. */
function notReadyInTime(server: string, reason: unknown): ManagerError {
  if (reason instanceof ManagerError && reason.kind !== "deadline")
    return reason.with({ server, delivery: "not_sent" });
  return new ManagerError("unavailable", `server ${server} was not ready before the call's deadline`, {
    details: { reason: "SERVER_NOT_READY", server, delivery: "not_sent", retryAfterMs: 1000 },
  });
}
