import type { Changes } from "../base/async/notifier.ts";
import type { Declaration } from "../base/spec/declaration.ts";
import { changedSecrets } from "../base/spec/secret-values.ts";
import type { ServerSpec } from "../base/spec/spec.ts";
import type { ApplyTarget } from "./desired/applies.ts";
import { fileSet, type Present } from "./desired/plan.ts";
import type { ManagedServer } from "./managed-server.ts";
import type { NewServer } from "./new-server.ts";
import type { Secrets } from "./secrets/secrets.ts";
import { serverNotFound } from "./state/fleet-error.ts";
import type { ServerSnapshot } from "./state/server-snapshot.ts";

export interface DesiredServersOptions {
  /** The servers that the manager knows, by name. */
  readonly servers: ReadonlyMap<string, ManagedServer>;
  readonly changes: Changes;
  readonly secrets: Pick<Secrets, "read">;
  readonly check: (spec: ServerSpec) => Promise<void>;
  /** Whether there is memory for one more container of this spec. */
  readonly hasRoom: (spec: ServerSpec) => boolean;
  readonly add: (server: NewServer) => ManagedServer;
  /** Waits for the start of a new server. One that can't come up is forgotten, unless it stays declared. */
  readonly cameUp: (server: ManagedServer) => Promise<void>;
  readonly stop: (server: ManagedServer) => Promise<void>;
}

const restOf = { now: undefined, on_call: "idle", manual: "stopped" } as const;

/** The servers of a fleet, as an apply sees and changes them. */
export class DesiredServers implements ApplyTarget {
  readonly #options: DesiredServersOptions;

  constructor(options: DesiredServersOptions) {
    this.#options = options;
  }

  get changes(): Changes {
    return this.#options.changes;
  }

  async present(): Promise<ReadonlyMap<string, Present>> {
    const present = [...this.#options.servers].map(async ([name, server]) => {
      await server.decided();
      const snapshot = server.snapshot();
      return [name, presentOf(snapshot, await this.#rotated(snapshot))] as const;
    });
    return new Map(await Promise.all(present));
  }

  check(spec: ServerSpec): Promise<void> {
    return this.#options.check(spec);
  }

  hasRoom(spec: ServerSpec): boolean {
    return this.#options.hasRoom(spec);
  }

  async create(name: string, { spec, start }: Declaration, set: string): Promise<void> {
    const known = this.#options.servers.get(name);
    await known?.stopping;
    if (known !== undefined && this.#options.servers.get(name) === known) return known.start();
    const rests = restOf[start];
    const server = this.#options.add({ name, spec, origin: set, rests, isKept: set === fileSet });
    if (rests === undefined) await this.#options.cameUp(server);
  }

  async update(name: string, { spec, start, update }: Declaration, set: string): Promise<void> {
    const server = this.#known(name);
    await server.update({ spec, origin: set, update, mayRest: start !== "now" });
    // One that rests only has another wish now.
    if (start === "now" && server.snapshot().instances.length === 0) await server.start();
  }

  async remove(name: string): Promise<void> {
    await this.#options.stop(this.#known(name));
  }

  pullProgress(name: string): string {
    return this.#options.servers.get(name)?.snapshot().pullProgress ?? "";
  }

  /** The variables whose secrets have another value than the containers were made with. What can't be read has not. */
  async #rotated({ spec, instances }: ServerSnapshot): Promise<string[]> {
    if (spec.secrets === undefined) return [];
    const { image, secrets } = spec;
    const now = await this.#options.secrets.read({ image, secrets }, {}).catch(() => undefined);
    return [...new Set(instances.flatMap(({ record }) => changedSecrets(record.secrets, now)))].toSorted();
  }

  /** It may have been stopped since the plan was made. */
  #known(name: string): ManagedServer {
    const server = this.#options.servers.get(name);
    if (server === undefined) throw serverNotFound(name);
    return server;
  }
}

function presentOf({ spec, origin, state, instances }: ServerSnapshot, rotated: readonly string[]): Present {
  const keepsData = instances.some(({ record }) => record.keepsData);
  return { spec, origin, state, hasContainer: instances.length > 0, keepsData, rotated };
}
