import type { InstanceRecord } from "../runtime/runtime.ts";
import type { FleetServices } from "./run/fleet-services.ts";

export interface ReaperOptions {
  readonly reapGraceMs: number;
  /** What the engine has of the fleet. */
  readonly list: () => Promise<readonly InstanceRecord[]>;
  readonly isOrphan: (record: InstanceRecord) => boolean;
}

/** Removes containers of this fleet that belong to nobody, once they have done so for the whole grace period. */
export class Reaper {
  readonly #services: FleetServices;
  readonly #options: ReaperOptions;
  /** Since when a container is seen to belong to nobody. */
  #orphans: ReadonlyMap<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(services: FleetServices, options: ReaperOptions) {
    this.#services = services;
    this.#options = options;
  }

  /** Looks now, and every third of the grace period. */
  start(): void {
    this.#timer = setInterval(() => void this.#round(), this.#options.reapGraceMs / 3).unref();
    void this.#round();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #round(): Promise<void> {
    const { log, clocks } = this.#services;
    const { reapGraceMs, list, isOrphan } = this.#options;
    try {
      const nowMs = clocks.elapsedMs();
      const orphans = (await list()).filter(isOrphan);
      this.#orphans = new Map(orphans.map(({ id }) => [id, this.#orphans.get(id) ?? nowMs]));
      for (const record of orphans) {
        if (nowMs - (this.#orphans.get(record.id) ?? nowMs) >= reapGraceMs) await this.#reap(record);
      }
    } catch (error) {
      log.warn("could not look for containers that belong to no server", { error: String(error) });
    }
  }

  async #reap(record: InstanceRecord): Promise<void> {
    const { runtime, log } = this.#services;
    if (!this.#options.isOrphan(record)) return;
    const about = { server: record.server, container: record.id.slice(0, 12), state: record.state };
    log.warn("removing a container that belongs to no server", about);
    await runtime.remove(record.id, {});
  }
}
