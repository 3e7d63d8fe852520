import type { Ledger } from "./ledger.ts";

/** Something that must hold at the end. */
export interface Check {
  readonly title: string;
  readonly holds: boolean;
  /** What was found. */
  readonly found: string;
}

/** Nothing of it may be there. */
export function none(title: string, found: readonly string[]): Check {
  const shown = found.length === 0 ? "none" : `${found.length}: ${found.slice(0, 3).join(", ")}`;
  return { title, holds: found.length === 0, found: shown };
}

export function equal(title: string, { base, end }: { base: unknown; end: unknown }): Check {
  const [before, after] = [JSON.stringify(base), JSON.stringify(end)];
  return { title, holds: before === after, found: before === after ? after : `${before} became ${after}` };
}

/** Every call ended, each once, and said how. */
export function accounting(ledger: Ledger): Check[] {
  const { sent, open, problems } = ledger;
  const results = ledger.count("result");
  const failed = ledger.count("error") + ledger.count("given_up") + ledger.count("manager_gone");
  return [
    { title: "sent = results + failed", holds: sent === results + failed, found: `${sent} = ${results} + ${failed}` },
    none(
      "calls that never ended",
      [...open.values()].map(({ kind, id }) => `${kind} ${id}`),
    ),
    none("wrong answers, errors without a reason", problems),
  ];
}

/** What callers were told of delivery, held against what the servers received. */
export function deliveries(ledger: Ledger, received: ReadonlyMap<string, number>): Check[] {
  const notSent = ledger.toldThat("not_sent");
  const answered = ledger.toldThat("answered");
  return [
    none(
      `told not_sent (${notSent.length}), yet received`,
      notSent.filter((id) => received.has(id)),
    ),
    none(
      `answered (${answered.length}), yet never received`,
      answered.filter((id) => !received.has(id)),
    ),
    none(
      `received (${received.size}) more than once`,
      [...received].filter(([id, count]) => count > 1 && !ledger.mayComeTwice.has(id)).map(([id]) => id),
    ),
  ];
}
