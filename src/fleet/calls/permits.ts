import type { Session } from "../../mcp/session.ts";

/** A call's place at an instance, from the moment it is chosen until the call ends. */
export interface Permit extends Disposable {
  readonly session: Session;
  /** Identity of the instance. */
  readonly instance: string;
}

/** The permits of one instance that are taken: one for each call under way there. */
export class Permits {
  readonly #instance: () => string;
  #taken = 0;
  #empty: PromiseWithResolvers<void> | undefined;

  constructor(instance: () => string) {
    this.#instance = instance;
  }

  get taken(): number {
    return this.#taken;
  }

  take(session: Session): Permit {
    this.#taken += 1;
    return { session, instance: this.#instance(), [Symbol.dispose]: () => this.#leave() };
  }

  /** Resolves when no call is under way. */
  allLeft(): Promise<void> {
    if (this.#taken === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  #leave(): void {
    this.#taken -= 1;
    if (this.#taken > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }
}
