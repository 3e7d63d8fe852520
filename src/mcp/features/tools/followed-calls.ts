import { type Progress, readProgress } from "./progress.ts";

/** What happens while a call is under way at the server. */
export interface CallEvents {
  /** The server went on with it; not after its reply. */
  progress(progress: Progress): void;
  /** The listener was just told of a log message; nothing on the wire says which call it belongs to. */
  logged(): void;
}

/** The calls of a session whose events somebody wants, by request id, which is their progress token, too. */
export class FollowedCalls {
  readonly #events = new Map<number, CallEvents>();
  readonly #awaits: (id: number) => boolean;

  /** `awaits`: whether a request was written and has no reply yet. */
  constructor(awaits: (id: number) => boolean) {
    this.#awaits = awaits;
  }

  add(id: number, events: CallEvents): void {
    this.#events.set(id, events);
  }

  delete(id: number): void {
    this.#events.delete(id);
  }

  /** The server logged something: each of the calls may have been the reason. */
  logged(): void {
    for (const events of this.#events.values()) events.logged();
  }

  /** Progress of what nobody asked for, or after its reply, is nobody's. `params` is JSON text. */
  progressed(params: string): void {
    if (this.#events.size === 0) return;
    const step = readProgress(params);
    if (step !== undefined && this.#awaits(step.token)) this.#events.get(step.token)?.progress(step.progress);
  }
}
