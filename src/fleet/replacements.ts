import type { InstanceRecord } from "../runtime/runtime.ts";

/**
 * Of instances of which one was to take the other's place when a manager died, those that must go: the old one where
 * the new one runs, else the new one, and both where a Stop was under way.
 */
export function losers(records: readonly InstanceRecord[]): Set<InstanceRecord> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const pairs = records.flatMap((next) => {
    const old = next.replaces === undefined ? undefined : byId.get(next.replaces);
    return old === undefined ? [] : [{ old, next }];
  });
  return new Set(
    pairs.flatMap(({ old, next }) => {
      if (next.stopping) return [old, next];
      return next.state === "running" ? [old] : [next];
    }),
  );
}
