import type { ManagerError } from "../../base/errors/errors.ts";
import type { Connection } from "../../jsonrpc/connection.ts";
import { abortReason } from "../../jsonrpc/connection-error.ts";
import { initialize } from "../eras/legacy.ts";
import { type Discovery, discover, isReply } from "../eras/modern.ts";
import type { ClientInfo, McpInfo } from "../protocol/mcp-info.ts";
import { type EraHint, type Plan, planOf, type Question } from "./era-plan.ts";

/** After a handshake the reply to the probe may still come for so many times `probeMs`. */
const lateFactor = 10;

/** What a server replied to `server/discover` until it took the handshake. */
export type ProbeOutcome = "not_asked" | "silent" | "refused" | "modern";

export type Found =
  | { readonly era: "modern"; readonly discovery: Discovery }
  | { readonly era: "legacy"; readonly info: McpInfo; readonly probe: ProbeOutcome };

export interface EraSearchOptions {
  readonly clientInfo: ClientInfo;
  readonly likely?: EraHint | undefined;
  /** The server is asked in the modern way alone. */
  readonly modernOnly?: boolean;
  /** How long a silence is until something else is asked. */
  readonly probeMs: number;
  /** By when a program that is not as it was known must have been asked both. */
  readonly bothWithinMs: number;
  /** Whether it may be asked to initialize once more, when it seems not to have read it. */
  readonly repeats: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told of each question, and when the server replied to it, whatever it said. */
  readonly onQuestion: (question: Question, state: "asked" | "replied") => void;
  /** The server took initialize, and then replied to the probe after all: it speaks the modern era. */
  readonly onLateModern: () => void;
}

/**
 * Finds out which era a server speaks, by both questions: `server/discover`, the probe, and `initialize`. A server may
 * be slow to start, ignore what it does not know, or have an entrypoint that eats its first input: after each silence
 * the plan says what is asked next. The probe may be repeated, for it changes nothing; initialize is repeated only when
 * the server reads and did not reply. Nothing is cancelled: the legacy era forbids it for initialize, and has never
 * heard of the other. Throws `protocol` when the server answers with something else than a handshake, what it refused
 * it with, and what `Connection.request` throws.
 */
export function findEra(connection: Connection, options: EraSearchOptions): Promise<Found> {
  return new EraSearch(connection, options).found;
}

/** A question's replies. */
interface Replies<T> {
  asked: number;
  taken: T | undefined;
  refusal: ManagerError | undefined;
  /** Ends the wait for those that are still open. */
  readonly over: AbortController;
}

function none<T>(): Replies<T> {
  return { asked: 0, taken: undefined, refusal: undefined, over: new AbortController() };
}

class EraSearch {
  readonly found: Promise<Found>;
  readonly #connection: Connection;
  readonly #options: EraSearchOptions;
  readonly #end = Promise.withResolvers<Found>();
  readonly #probe = none<Discovery>();
  readonly #initialize = none<McpInfo>();
  #result: "open" | "modern" | "legacy" | "failed" = "open";
  #hasRepeated = false;
  #grace: NodeJS.Timeout | undefined;
  readonly #plan: NodeJS.Timeout[] = [];
  readonly #onAbort = () => this.#aborted();

  constructor(connection: Connection, options: EraSearchOptions) {
    this.#connection = connection;
    this.#options = options;
    this.found = this.#end.promise;
    const { signal } = options;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#aborted();
    else this.#follow(planOf(options));
  }

  #follow(plan: Plan): void {
    for (const { atMs, questions } of plan) {
      if (atMs === 0) this.#ask(questions);
      else this.#plan.push(setTimeout(() => this.#ask(questions), atMs));
    }
  }

  #ask(questions: readonly Question[]): void {
    for (const question of questions) {
      // What was refused is not asked again, and what is refused in one way is asked in the other at once.
      if (this.#result !== "open" || this.#asked[question].refusal !== undefined) continue;
      if (question === "probe") this.#askProbe();
      else this.#askInitialize();
    }
  }

  get #asked(): Readonly<Record<Question, Replies<unknown>>> {
    return { probe: this.#probe, initialize: this.#initialize };
  }

  #askProbe(): void {
    const { clientInfo } = this.#options;
    this.#note("probe");
    const { signal } = this.#probe.over;
    discover(this.#connection, { clientInfo, signal }).then(
      (discovery) => this.#replied("probe", () => this.#discovered(discovery)),
      (error: unknown) => this.#failed("probe", error),
    );
  }

  #askInitialize(): void {
    const { clientInfo, repeats } = this.#options;
    const isRepeated = this.#initialize.asked > 0;
    if (isRepeated && (!repeats || this.#hasRepeated)) return;
    this.#hasRepeated = isRepeated;
    this.#note("initialize");
    const { signal } = this.#initialize.over;
    initialize(this.#connection, { clientInfo, signal }).then(
      (info) =>
        this.#replied("initialize", () => {
          this.#initialize.taken = info;
          this.#decide();
        }),
      (error: unknown) => this.#failed("initialize", error),
    );
  }

  #note(question: Question): void {
    this.#asked[question].asked += 1;
    this.#options.onQuestion(question, "asked");
  }

  #replied(question: Question, then: () => void): void {
    this.#options.onQuestion(question, "replied");
    then();
  }

  #discovered(discovery: Discovery): void {
    if (this.#result === "legacy") this.#options.onLateModern();
    this.#probe.taken = discovery;
    this.#decide();
  }

  /** Without a reply none can come to either question. */
  #failed(question: Question, error: unknown): void {
    if (!isReply(error)) {
      this.#fail(error);
      return;
    }
    this.#replied(question, () => {
      this.#asked[question].refusal = error;
      this.#decide();
    });
  }

  #aborted(): void {
    if (this.#options.signal !== undefined) this.#fail(abortReason(this.#options.signal, "sent"));
  }

  /** Something came: whether it is settled, what is asked next, or that the reply to the other question may be near. */
  #decide(): void {
    if (this.#result !== "open") return;
    clearTimeout(this.#grace);
    if (this.#initialize.taken !== undefined) this.#takeLegacy(this.#initialize.taken);
    else if (this.#probe.taken !== undefined) this.#takeModern(this.#probe.taken);
    else if (this.#probe.refusal !== undefined) this.#refusedProbe(this.#probe.refusal);
    else if (this.#initialize.refusal !== undefined) this.#refusedInitialize(this.#initialize.refusal);
  }

  /**
   * A server that speaks both eras (SDK v2) is of the legacy one once it has taken initialize, whatever it said before:
   * when that was asked, too, its reply counts.
   */
  #takeModern(discovery: Discovery): void {
    const take = () => this.#settle({ era: "modern", discovery });
    if (this.#awaitsInitialize) this.#afterGrace(take);
    else take();
  }

  #takeLegacy(info: McpInfo): void {
    this.#settle({ era: "legacy", info, probe: this.#outcome });
  }

  #refusedProbe(refusal: ManagerError): void {
    if (this.#options.modernOnly) this.#fail(refusal);
    else if (this.#initialize.asked === 0) this.#askInitialize();
    else if (this.#initialize.refusal !== undefined) this.#fail(moreTelling(refusal, this.#initialize.refusal));
    // It reads, and replied to what may have been asked later: something else has eaten the initialize.
    else this.#afterGrace(() => this.#askInitialize());
  }

  #refusedInitialize(refusal: ManagerError): void {
    if (this.#probe.asked === 0) this.#askProbe();
    else this.#afterGrace(() => this.#fail(refusal));
  }

  get #awaitsInitialize(): boolean {
    return this.#initialize.asked > 0 && this.#initialize.refusal === undefined;
  }

  get #outcome(): ProbeOutcome {
    const { asked, taken, refusal } = this.#probe;
    if (taken !== undefined) return "modern";
    if (refusal !== undefined) return "refused";
    return asked > 0 ? "silent" : "not_asked";
  }

  /** After one reply another won't take long: both questions are read. */
  #afterGrace(work: () => void): void {
    this.#grace = setTimeout(work, this.#options.probeMs);
  }

  #settle(found: Found): void {
    if (!this.#close(found.era)) return;
    this.#end.resolve(found);
    this.#listenOn();
  }

  #fail(error: unknown): void {
    if (!this.#close("failed")) return;
    this.#end.reject(error);
    this.#probe.over.abort();
  }

  #close(result: "modern" | "legacy" | "failed"): boolean {
    if (this.#result !== "open") return false;
    this.#result = result;
    clearTimeout(this.#grace);
    for (const timer of this.#plan) clearTimeout(timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#initialize.over.abort();
    return true;
  }

  /** Not for ever: a reply that can't be told whose it is could be any request's that is open. */
  #listenOn(): void {
    setTimeout(() => this.#probe.over.abort(), lateFactor * this.#options.probeMs).unref();
  }
}

/** A server that refuses both eras: of revisions that nobody knows, or for a reason that only one reply has. */
function moreTelling(modern: ManagerError, legacy: ManagerError): ManagerError {
  return modern.details.reason === "UNSUPPORTED_PROTOCOL_VERSION" ? modern : legacy;
}
