import { isDeepStrictEqual } from "node:util";
import type { Fleet } from "./fleet.ts";
import type { ServerSnapshot } from "./state/server-snapshot.ts";

export type FleetReading =
  | { readonly kind: "snapshot"; readonly servers: readonly ServerSnapshot[] }
  /** A server came, or it or one of its instances changed, or it is gone. */
  | { readonly kind: "change"; readonly server: ServerSnapshot; readonly gone: boolean }
  | { readonly kind: "pull"; readonly server: string; readonly progress: string }
  | { readonly kind: "heartbeat" };

export interface WatchFleetOptions {
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
}

type WatchedFleet = Pick<Fleet, "changes" | "list" | "departed">;
type Servers = ReadonlyMap<string, ServerSnapshot>;

/**
 * The fleet, then what changes in it, until the signal aborts. A slow reader holds nothing: it is given the latest of
 * each server when it comes back.
 */
export async function* watchFleet(fleet: WatchedFleet, options: WatchFleetOptions): AsyncGenerator<FleetReading> {
  const { signal, heartbeatMs } = options;
  let since = fleet.changes.count;
  let seen = byName(fleet.list());
  yield { kind: "snapshot", servers: [...seen.values()] };
  while (!signal.aborted) {
    const idle = !(await fleet.changes.wait({ since, timeoutMs: heartbeatMs, signal }));
    if (signal.aborted) return;
    if (idle) yield { kind: "heartbeat" };
    since = fleet.changes.count;
    const now = byName(fleet.list());
    yield* differences(fleet, { before: seen, now });
    seen = now;
  }
}

function* differences(
  fleet: WatchedFleet,
  { before, now }: { before: Servers; now: Servers },
): Generator<FleetReading> {
  for (const [name, server] of before) {
    if (now.has(name) || isGone(server)) continue;
    yield { kind: "change", server: { ...(fleet.departed(name) ?? server), state: "stopped" }, gone: true };
  }
  for (const [name, server] of now) {
    const last = before.get(name);
    const { pullProgress } = server;
    if (last === undefined || hasChanged(last, server)) yield { kind: "change", server, gone: isGone(server) };
    if (pullProgress !== "" && last?.pullProgress !== pullProgress) {
      yield { kind: "pull", server: name, progress: pullProgress };
    }
  }
}

/** One that a Stop has ended is about to be forgotten. */
function isGone({ state, rests }: ServerSnapshot): boolean {
  return state === "stopped" && !rests;
}

/**
 * Instances that come up at the same time go through the same states; not each of these changes shows something new.
 */
function hasChanged(before: ServerSnapshot, now: ServerSnapshot): boolean {
  return before.revision !== now.revision && !isDeepStrictEqual(watched(before), watched(now));
}

/** What a watcher is told of. The counters of calls and lines go with it, but a change of them is not told. */
function watched({ state, restartCount, failure, instances }: ServerSnapshot) {
  const copies = instances.map(({ record, state, health }) => ({ record, state, healthy: health?.healthy }));
  return { state, restartCount, failure, copies };
}

function byName(servers: readonly ServerSnapshot[]): Servers {
  const sorted = [...servers].sort((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(sorted.map((server) => [server.name, server]));
}
