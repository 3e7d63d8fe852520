import { setImmediate as readersTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Notifier } from "../../src/base/async/notifier.ts";
import type { InstanceSnapshot, ServerSnapshot } from "../../src/fleet/state/server-snapshot.ts";
import type { StateKind } from "../../src/fleet/state/state-kind.ts";
import { type FleetReading, watchFleet } from "../../src/fleet/watch-fleet.ts";

/** A fleet of which the test says what it holds. */
class ScriptedFleet {
  readonly changes = new Notifier();
  readonly #gone = new Map<string, ServerSnapshot>();
  #servers: ServerSnapshot[] = [];

  list(): ServerSnapshot[] {
    return this.#servers;
  }

  departed(name: string): ServerSnapshot | undefined {
    return this.#gone.get(name);
  }

  /** A server goes that was last like this. */
  forget(server: Partial<ServerSnapshot>): void {
    this.#gone.set(server.name ?? "", server as ServerSnapshot);
    this.become(...this.#servers.filter(({ name }) => name !== server.name));
  }

  become(...servers: Partial<ServerSnapshot>[]): void {
    this.#servers = servers as ServerSnapshot[];
    this.changes.notify();
  }
}

function watching(fleet: ScriptedFleet, options: { signal?: AbortSignal; heartbeatMs?: number } = {}) {
  const { signal = new AbortController().signal, heartbeatMs = 60_000 } = options;
  return watchFleet(fleet, { signal, heartbeatMs });
}

const next = async (readings: AsyncGenerator<FleetReading>) => (await readings.next()).value;

describe("watchFleet", () => {
  it("gives the latest of each server to a reader that is slower than the changes", async () => {
    const fleet = new ScriptedFleet();
    const readings = watching(fleet);
    expect(await next(readings)).toEqual({ kind: "snapshot", servers: [] });
    fleet.become({ name: "b", state: "creating", revision: 1, pullProgress: "", instances: [] });
    fleet.become(
      { name: "b", state: "ready", revision: 2, pullProgress: "", instances: [] },
      { name: "a", revision: 3, pullProgress: "", instances: [] },
    );
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "a" } });
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "b", state: "ready" } });
  });

  it("tells of a server again when one of its copies changed, and not when nothing did", async () => {
    const fleet = new ScriptedFleet();
    const readings = watching(fleet);
    await next(readings);
    const copy = (state: StateKind, more: Partial<InstanceSnapshot> = {}) =>
      ({
        record: { id: "1", state: "running" },
        state,
        callsInFlight: 0,
        health: undefined,
        ...more,
      }) as InstanceSnapshot;
    const shown = { name: "a", state: "ready", pullProgress: "" } as const;
    fleet.become({ ...shown, revision: 1, instances: [copy("ready"), copy("handshaking")] });
    expect(await next(readings)).toMatchObject({ kind: "change" });
    const second = next(readings);
    await readersTurn();
    fleet.become({ ...shown, revision: 2, instances: [copy("ready"), copy("handshaking", { callsInFlight: 1 })] });
    await readersTurn();
    fleet.become({ ...shown, revision: 3, instances: [copy("ready"), copy("ready")] });
    expect(await second).toMatchObject({ server: { revision: 3 } });
    const health = { healthy: false, failures: 3, repliedMs: undefined };
    fleet.become({ ...shown, revision: 4, instances: [copy("ready"), copy("ready", { health })] });
    expect(await next(readings)).toMatchObject({ server: { revision: 4 } });
  });

  it("tells once that a server is gone", async () => {
    const fleet = new ScriptedFleet();
    const failed = { name: "a", state: "failed", revision: 1, pullProgress: "", instances: [] } as const;
    const other = { name: "b", state: "ready", revision: 2, pullProgress: "", instances: [] } as const;
    fleet.become(failed, other);
    const readings = watching(fleet);
    await next(readings);
    fleet.forget({ ...failed, restartCount: 7 });
    const gone = { name: "a", state: "stopped", restartCount: 7 };
    expect(await next(readings)).toMatchObject({ kind: "change", server: gone, gone: true });
    fleet.become({ ...other, state: "stopped", rests: false, revision: 3 });
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "b", state: "stopped" }, gone: true });
    fleet.become();
    fleet.become(failed);
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "a", state: "failed" } });
  });

  it("tells of a declared server that is stopped as of one that is there", async () => {
    const fleet = new ScriptedFleet();
    const rested = { name: "a", state: "stopped", rests: true, revision: 1, pullProgress: "", instances: [] } as const;
    const readings = watching(fleet);
    await next(readings);
    fleet.become(rested);
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "a" }, gone: false });
    fleet.forget(rested);
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "a" }, gone: true });
  });

  it("tells of a pull's progress only when it says something new", async () => {
    const fleet = new ScriptedFleet();
    const pulling = { name: "a", state: "pulling", revision: 1, instances: [] } as const;
    fleet.become({ ...pulling, pullProgress: "10%" });
    const readings = watching(fleet);
    await next(readings);
    fleet.become({ ...pulling, pullProgress: "10%" });
    fleet.become({ ...pulling, pullProgress: "20%" });
    expect(await next(readings)).toEqual({ kind: "pull", server: "a", progress: "20%" });
  });

  it("is not silent for longer than a heartbeat, and ends with its signal", async () => {
    const fleet = new ScriptedFleet();
    const leave = new AbortController();
    const readings = watching(fleet, { signal: leave.signal, heartbeatMs: 1 });
    await next(readings);
    expect(await next(readings)).toEqual({ kind: "heartbeat" });
    leave.abort();
    expect((await readings.next()).done).toBe(true);
  });
});
