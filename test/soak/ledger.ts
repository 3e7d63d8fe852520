import type { CallFailure } from "./clients/call-failure.ts";

/** How a call ended, from its caller's view. */
export type Outcome =
  | { readonly kind: "result" }
  /** The manager's own word: code, reason and delivery. */
  | { readonly kind: "error"; readonly failure: CallFailure }
  /** The caller left, or its client library's own deadline came first. */
  | { readonly kind: "given_up" }
  /** No word of the manager, which was killed or shut down meanwhile. */
  | { readonly kind: "manager_gone"; readonly failure: CallFailure }
  /** What must not be: a result that is not this call's, or an error that nothing explains. */
  | { readonly kind: "wrong"; readonly problem: string };

export interface Entry {
  readonly id: string;
  readonly kind: string;
  /** Whether the server's tap sees it: a call of a tool. */
  readonly tapped: boolean;
  readonly startMs: number;
}

export interface Tally {
  sent: number;
  readonly ended: Record<Outcome["kind"], number>;
  /** Of those that the manager answered. */
  slowestMs: number;
}

/** What the caller was told of whether its request reached the server. */
export type Told = "not_sent" | "sent" | "answered" | "nothing";

/** Every call, from its beginning to its end. */
export class Ledger {
  readonly open = new Map<string, Entry>();
  readonly kinds = new Map<string, Tally>();
  /** By code, reason and delivery. */
  readonly errors = new Map<string, { readonly failure: CallFailure; count: number; readonly ids: string[] }>();
  /** By the call's id; those that a tap sees. */
  readonly told = new Map<string, Told>();
  /** Calls that were sent again to another manager, which does not know that there was one before. */
  readonly mayComeTwice = new Set<string>();
  /** Changes of resources that subscribers were told of. */
  updates = 0;
  readonly problems: string[] = [];
  readonly #onProblem: (problem: string) => void;
  readonly clients = new Map<string, number>();

  /** What must not be is told when it happens. */
  constructor(onProblem: (problem: string) => void = () => {}) {
    this.#onProblem = onProblem;
  }

  begin(call: Omit<Entry, "startMs"> & { readonly client: string }): Entry {
    const { client, ...rest } = call;
    const { id, kind } = rest;
    const entry = { ...rest, startMs: performance.now() };
    this.open.set(id, entry);
    this.#tally(kind).sent += 1;
    this.clients.set(client, (this.clients.get(client) ?? 0) + 1);
    return entry;
  }

  end({ id, kind, startMs, tapped }: Entry, outcome: Outcome): void {
    if (!this.open.delete(id)) this.#problem(`${kind} ${id} ended twice: ${JSON.stringify(outcome)}`);
    const tally = this.#tally(kind);
    tally.ended[outcome.kind] += 1;
    if (outcome.kind === "result" || outcome.kind === "error") {
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startMs);
    }
    if (tapped) this.told.set(id, toldBy(outcome));
    if (outcome.kind === "wrong") this.#problem(`${kind} ${id}: ${outcome.problem}`);
    if (outcome.kind === "error") this.#count(id, outcome.failure);
  }

  get sent(): number {
    return this.#sum(({ sent }) => sent);
  }

  /** The calls whose callers were told this. */
  toldThat(what: Told): string[] {
    return [...this.told].filter(([, told]) => told === what).map(([id]) => id);
  }

  count(kind: Outcome["kind"]): number {
    return this.#sum(({ ended }) => ended[kind]);
  }

  #problem(problem: string): void {
    this.problems.push(problem);
    this.#onProblem(problem);
  }

  #sum(of: (tally: Tally) => number): number {
    return [...this.kinds.values()].reduce((sum, tally) => sum + of(tally), 0);
  }

  #count(id: string, failure: CallFailure): void {
    const key = `${failure.code} ${failure.reason} ${failure.delivery}`;
    const row = this.errors.get(key) ?? { failure, count: 0, ids: [] };
    this.errors.set(key, row);
    row.count += 1;
    row.ids.push(id);
  }

  #tally(kind: string): Tally {
    const none = { result: 0, error: 0, given_up: 0, manager_gone: 0, wrong: 0 };
    const tally = this.kinds.get(kind) ?? { sent: 0, ended: none, slowestMs: 0 };
    this.kinds.set(kind, tally);
    return tally;
  }
}

export function toldBy(outcome: Outcome): Told {
  if (outcome.kind === "result") return "answered";
  if (outcome.kind !== "error") return "nothing";
  return (outcome.failure.delivery ?? "nothing") as Told;
}
