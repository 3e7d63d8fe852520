import { describe, expect, it } from "vitest";
import { Pulse } from "../../src/fleet/pulse.ts";
import type { ServerSnapshot } from "../../src/fleet/server-snapshot.ts";
import { type FleetReading, watchFleet } from "../../src/fleet/watch-fleet.ts";

/** A fleet of which the test says what it holds. */
class ScriptedFleet {
  readonly #changes = new Pulse();
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

  changed(): Promise<void> {
    return this.#changes.next();
  }

  become(...servers: Partial<ServerSnapshot>[]): void {
    this.#servers = servers as ServerSnapshot[];
    this.#changes.wake();
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
    fleet.become({ name: "b", state: "creating", revision: 1, pullProgress: "" });
    fleet.become(
      { name: "b", state: "ready", revision: 2, pullProgress: "" },
      { name: "a", revision: 3, pullProgress: "" },
    );
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "a" } });
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "b", state: "ready" } });
  });

  it("tells once that a server is gone", async () => {
    const fleet = new ScriptedFleet();
    const failed = { name: "a", state: "failed", revision: 1, pullProgress: "" } as const;
    const other = { name: "b", state: "ready", revision: 2, pullProgress: "" } as const;
    fleet.become(failed, other);
    const readings = watching(fleet);
    await next(readings);
    fleet.forget({ ...failed, restartCount: 7 });
    const gone = { name: "a", state: "stopped", restartCount: 7 };
    expect(await next(readings)).toMatchObject({ kind: "change", server: gone });
    fleet.become({ ...other, state: "stopped", revision: 3 });
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "b", state: "stopped" } });
    fleet.become();
    fleet.become(failed);
    expect(await next(readings)).toMatchObject({ kind: "change", server: { name: "a", state: "failed" } });
  });

  it("tells of a pull's progress only when it says something new", async () => {
    const fleet = new ScriptedFleet();
    const pulling = { name: "a", state: "pulling", revision: 1 } as const;
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
