import { type Changes, Notifier } from "../../base/async/notifier.ts";
import type { CallEvents } from "../../mcp/features/tools/followed-calls.ts";
import type { Progress } from "../../mcp/features/tools/progress.ts";
import type { LogEntry } from "../logs/log-entry.ts";
import type { LogRing } from "../logs/log-ring.ts";

export type CallEvent =
  | { readonly kind: "progress"; readonly progress: Progress; readonly timeMs: number }
  | { readonly kind: "log"; readonly entry: LogEntry }
  /** So many entries of the server's log are gone, unread. */
  | { readonly kind: "gap"; readonly lines: number; readonly timeMs: number };

/** A step of the call, and where in the log it came. */
interface Step {
  readonly progress: Progress;
  readonly timeMs: number;
  readonly ordinal: number;
}

/** A burst of this size reaches a caller that reads as it comes; of more the newest are kept. */
const maxSteps = 64;
const maxStepChars = 64 * 1024;
/**
 * Who is further behind in the log goes on here, after a gap: every call under way gets each line, so that a server
 * that floods its log would cost its lines times its calls.
 */
const maxBehind = 1000;

/**
 * What happens in one call, in order, until somebody reads it. It is bounded: the newest of progress is kept, and of
 * log lines only where they stand in the server's ring, which is there anyway.
 */
export class CallFeed implements CallEvents {
  readonly #log: () => LogRing;
  #ring: LogRing | undefined;
  readonly #now: () => number;
  readonly #changes = new Notifier();
  #instance = "";
  #steps: Step[] = [];
  #stepChars = 0;
  /** The first entry of the ring that may be an unread log line of the call. Undefined: there is none. */
  #unread: number | undefined;

  /** `log`: the server's, once the call is at it. */
  constructor(log: () => LogRing, { now }: { readonly now: () => number }) {
    this.#log = log;
    this.#now = now;
  }

  /** The instance that has the call; empty: none yet. */
  get instance(): string {
    return this.#instance;
  }

  /** Tells of each event. */
  get changes(): Changes {
    return this.#changes;
  }

  /** The call goes to this instance; what came from one before is void. */
  begin(instance: string): void {
    this.#instance = instance;
    this.#ring = this.#log();
    this.#steps = [];
    this.#stepChars = 0;
    this.#unread = undefined;
  }

  progress(progress: Progress): void {
    this.#steps.push({ progress, timeMs: this.#now(), ordinal: this.#ring?.nextOrdinal ?? 0 });
    this.#stepChars += progressChars(progress);
    while (this.#steps.length > maxSteps || (this.#stepChars > maxStepChars && this.#steps.length > 1)) this.#shift();
    this.#changes.notify();
  }

  logged(): void {
    this.#unread ??= (this.#ring?.nextOrdinal ?? 0) - 1;
    this.#changes.notify();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#changes.notify();
  }

  /** The next unread event; undefined: there is none. */
  next(): CallEvent | undefined {
    const ring = this.#ring;
    if (ring === undefined) return undefined;
    const log = this.#nextLog(ring, this.#steps[0]?.ordinal ?? ring.nextOrdinal);
    if (log !== undefined) return log;
    const step = this.#shift();
    return step === undefined ? undefined : { kind: "progress", progress: step.progress, timeMs: step.timeMs };
  }

  #shift(): Step | undefined {
    const step = this.#steps.shift();
    if (step !== undefined) this.#stepChars -= progressChars(step.progress);
    return step;
  }

  /** The first unread log line before that place in the log. */
  #nextLog(ring: LogRing, until: number): CallEvent | undefined {
    if (this.#unread === undefined) return undefined;
    const oldest = Math.max(ring.firstOrdinal, ring.nextOrdinal - maxBehind);
    const lost = oldest - this.#unread;
    if (lost > 0) {
      this.#unread = oldest;
      return { kind: "gap", lines: lost, timeMs: this.#now() };
    }
    for (let at = this.#unread; at < until; at += 1) {
      const entry = ring.at(at);
      if (entry === undefined || !this.#isOurs(entry)) continue;
      this.#unread = at + 1;
      return { kind: "log", entry };
    }
    this.#unread = until < ring.nextOrdinal ? Math.max(until, this.#unread) : undefined;
    return undefined;
  }

  #isOurs({ event, instance }: LogEntry): boolean {
    return instance === this.#instance && event.kind === "line" && event.source === "mcp";
  }
}

function progressChars({ message, extraJson }: Progress): number {
  return message.length + extraJson.length;
}
