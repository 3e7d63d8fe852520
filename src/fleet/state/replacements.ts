import type { InstanceRecord, Runtime } from "../../runtime/runtime.ts";

/** What a record says of the instance whose place it takes. */
export type Replacement = Pick<InstanceRecord, "server" | "replica" | "replaces">;

/** Two containers of which one was to take the other's place when a manager died. */
export interface ReplacementPair {
  readonly old: InstanceRecord;
  readonly next: InstanceRecord;
}

/**
 * Removes the instance whose place this one has taken, if that is still there and was the same instance of the same
 * server.
 */
export async function removeReplaced(runtime: Runtime, next: Replacement): Promise<void> {
  if (next.replaces === undefined) return;
  const old = await runtime.inspect(next.replaces, {});
  if (old !== undefined && isSameInstance(old, next)) await runtime.remove(old.id, {});
}

/** The replacements that a manager did not finish, among what the engine has. */
export function replacementsAmong(records: readonly InstanceRecord[]): ReplacementPair[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  return records.flatMap((next) => {
    const old = next.replaces === undefined ? undefined : byId.get(next.replaces);
    return old !== undefined && isSameInstance(old, next) ? [{ old, next }] : [];
  });
}

/**
 * What becomes of a pair (docs/internals/replacement.md has the table). `ask`: the new one runs and has not got the name
 * yet, so whether it replies decides. The others are those that go.
 */
export function outcomeOf({ old, next }: ReplacementPair): "ask" | readonly InstanceRecord[] {
  if (next.mark === "stopping") return [old, next];
  if (old.mark === "stopping" || next.mark === "none") return [old];
  return next.state === "running" ? "ask" : [next];
}

function isSameInstance(one: InstanceRecord, other: Replacement): boolean {
  return one.server === other.server && one.replica === other.replica;
}
