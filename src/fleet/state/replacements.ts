import type { InstanceRecord, Runtime } from "../../runtime/runtime.ts";

/** What a record says of the instance whose place it takes. */
export type Replacement = Pick<InstanceRecord, "server" | "replica" | "replaces">;

/**
 * Removes the instance whose place this one has taken, if that is still there and was the same instance of the same
 * server.
 */
export async function removeReplaced(runtime: Runtime, next: Replacement): Promise<void> {
  if (next.replaces === undefined) return;
  const old = await runtime.inspect(next.replaces, {});
  if (old !== undefined && isSameCopy(old, next)) await runtime.remove(old.id, {});
}

/**
 * Of instances of which one was to take the other's place when a manager died, those that must go: the old one where
 * the new one runs, else the new one, and both where a Stop was under way.
 */
export function superseded(records: readonly InstanceRecord[]): Set<InstanceRecord> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const pairs = records.flatMap((next) => {
    const old = next.replaces === undefined ? undefined : byId.get(next.replaces);
    return old !== undefined && isSameCopy(old, next) ? [{ old, next }] : [];
  });
  return new Set(
    pairs.flatMap(({ old, next }) => {
      if (next.mark === "stopping") return [old, next];
      return next.state === "running" ? [old] : [next];
    }),
  );
}

function isSameCopy(one: InstanceRecord, other: Replacement): boolean {
  return one.server === other.server && one.replica === other.replica;
}
