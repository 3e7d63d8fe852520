import type { InstanceRecord } from "../runtime/runtime.ts";
import { planFor } from "./instance/record-plan.ts";
import type { ManagedServer } from "./managed-server.ts";
import { Reaper } from "./reaper.ts";
import type { Made } from "./replicas/updates.ts";
import type { FleetServices } from "./run/fleet-services.ts";
import { outcomeOf, replacementsAmong } from "./state/replacements.ts";

export interface EngineSyncOptions {
  /** The servers that the manager knows, by name. */
  readonly servers: ReadonlyMap<string, ManagedServer>;
  readonly add: (server: { name: string } & Made) => ManagedServer;
  readonly forget: (server: ManagedServer) => void;
  /** How long a container may belong to nobody before it is removed. */
  readonly reapGraceMs: number;
}

/** Pauses before the engine is asked again that did not answer; they double. */
const firstAgainMs = 500;
const maxAgainMs = 30_000;

/** Compares what the engine has of this fleet with what the manager knows: at boot, after a break, after an event. */
export class EngineSync {
  readonly #services: FleetServices;
  readonly #options: EngineSyncOptions;
  readonly #reaper: Reaper;
  #again: NodeJS.Timeout | undefined;
  #againMs = firstAgainMs;
  #closed = false;
  #looks = 0;
  /** Which look what is known of a container comes from. */
  readonly #lastLook = new Map<string, number>();
  /** Containers that are left alone, and were told of. */
  readonly #told = new Set<string>();

  constructor(services: FleetServices, options: EngineSyncOptions) {
    this.#services = services;
    this.#options = options;
    this.#reaper = new Reaper(services, {
      reapGraceMs: options.reapGraceMs,
      isOrphan: (record) => this.#isOrphan(record),
      // What no event told of is found at the next round at the latest.
      list: async () => {
        const { found: records, looked } = await this.#looked(() => services.runtime.list({}));
        this.#lookAtKnown(records, looked);
        return records;
      },
    });
  }

  /** Takes stock at boot. Resolves when every server is known; `adopted` when each is ready or down. */
  async open(): Promise<{ adopted: Promise<void> }> {
    const records = await this.#services.runtime.list({});
    const adoptions = await this.#takeStock(records);
    if (records.some(isSilent)) this.resyncSoon();
    this.#reaper.start();
    return { adopted: Promise.all(adoptions.map(({ done }) => done)).then(() => {}) };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#reaper.stop();
  }

  /** The engine came back: events were missed. */
  resync(): void {
    this.#againMs = firstAgainMs;
    this.#list();
  }

  /** The engine did not answer somebody, though it may be there: no event will say when it does. */
  resyncSoon(): void {
    if (this.#closed || this.#again !== undefined) return;
    this.#again = setTimeout(() => this.#list(), this.#againMs).unref();
    this.#againMs = Math.min(this.#againMs * 2, maxAgainMs);
  }

  #list(): void {
    const { runtime, log } = this.#services;
    clearTimeout(this.#again);
    this.#again = undefined;
    const listed = this.#looked(() => runtime.list({})).then(({ found, looked }) => this.#compare(found, looked));
    listed.catch((error: unknown) => {
      log.debug("could not resync with the engine; trying again", { error: String(error) });
      this.resyncSoon();
    });
  }

  /** Something happened to this instance. */
  look(id: string): void {
    const { runtime, log } = this.#services;
    const { servers } = this.#options;
    const look = this.#looked(() => runtime.inspect(id, {})).then(({ found: record, looked }) => {
      if (record === undefined) for (const server of servers.values()) server.lookGone(id);
      else if (this.#isNews(id, looked)) servers.get(record.server)?.look(record);
    });
    look.catch((error: unknown) => log.warn("could not look at a container", { id, error: String(error) }));
  }

  /** Asks the engine, and notes when: a response that took its time may be older than one that came before it. */
  async #looked<T>(ask: () => Promise<T>): Promise<{ found: T; looked: number }> {
    this.#looks += 1;
    const looked = this.#looks;
    return { found: await ask(), looked };
  }

  /** Whether what was asked for then is newer than what is known of this container. */
  #isNews(id: string, looked: number): boolean {
    if ((this.#lastLook.get(id) ?? 0) > looked) return false;
    this.#lastLook.set(id, looked);
    return true;
  }

  async #compare(records: readonly InstanceRecord[], looked: number): Promise<void> {
    const { servers } = this.#options;
    this.#lookAtKnown(records, looked);
    if (records.some(isSilent)) this.resyncSoon();
    // A server that is busy knows best what its containers are.
    const isUnknown = ({ id, server, mark }: InstanceRecord) => {
      const known = servers.get(server);
      return known === undefined || (mark === "stopping" && !known.busy && !known.retires(id));
    };
    await this.#takeStock(records.filter(isUnknown));
  }

  #lookAtKnown(records: readonly InstanceRecord[], looked: number): void {
    const listed = new Set(records.map(({ id }) => id));
    for (const id of this.#lastLook.keys()) if (!listed.has(id)) this.#lastLook.delete(id);
    for (const record of records) this.#lookAtRecord(record, looked);
    // One by one: what was made since is not in the list, and not gone.
    const idle = [...this.#options.servers.values()].filter(({ busy }) => !busy);
    for (const id of idle.flatMap(({ ids }) => [...ids])) if (!listed.has(id)) this.look(id);
  }

  #lookAtRecord(record: InstanceRecord, looked: number): void {
    const server = this.#options.servers.get(record.server);
    if (server === undefined || server.busy || record.mark === "stopping" || isSilent(record)) return;
    if (this.#isNews(record.id, looked)) server.look(record);
    // What did not work when a replacement or a restart was over.
    if (server.owns(record.id) && record.mark !== "none") void this.#takeName(record);
  }

  /** Finishes removals, removes what never started, takes over the rest. */
  async #takeStock(found: readonly InstanceRecord[]): Promise<{ done: Promise<void> }[]> {
    for (const record of found) this.#tell(record);
    const records = found.filter(({ leaveAlone }) => leaveAlone === undefined);
    const outcomes = replacementsAmong(records).map((pair) => ({ ...pair, outcome: outcomeOf(pair) }));
    const lost = new Set(outcomes.flatMap(({ outcome }) => (outcome === "ask" ? [] : outcome)));
    const asked = new Set(outcomes.flatMap(({ old, next, outcome }) => (outcome === "ask" ? [old, next] : [])));
    const isLeft = (record: InstanceRecord) =>
      lost.has(record) || planFor(record.server, record).kind === "finish_removal";
    const kept = await Promise.all(
      records.map((record) => (isLeft(record) && !isSilent(record) ? this.#clear(record) : record)),
    );
    const isNameless = ({ replaces, mark }: InstanceRecord) => replaces !== undefined || mark === "replaced";
    const nameless = kept.filter((record) => record !== undefined).filter((record) => !asked.has(record));
    await Promise.all(nameless.filter(isNameless).map((record) => this.#takeName(record)));
    const byServer = Map.groupBy(
      kept.flatMap((record) => record ?? []),
      ({ server }) => server,
    );
    return [...byServer].flatMap(([name, found]) => this.#adopt(name, found) ?? []);
  }

  /** Finishes a stop, a start or a replacement, as far as that can be done now. */
  async #clear(record: InstanceRecord): Promise<undefined> {
    const { runtime, log } = this.#services;
    const { servers, forget } = this.#options;
    log.info("removing what a stop, a start or a replacement left unfinished", about(record));
    try {
      await runtime.remove(record.id, {});
      const known = servers.get(record.server);
      // Unless somebody has started it meanwhile: it makes itself another.
      if (known?.owns(record.id) && !known.busy) forget(known);
    } catch (error) {
      // One container that makes trouble must not keep the manager from the others.
      log.error("left alone a container that can't be removed now", { ...about(record), error: String(error) });
    }
    return undefined;
  }

  /** One that has taken another's place takes its name, too. */
  async #takeName(record: InstanceRecord): Promise<void> {
    const { runtime, log } = this.#services;
    if (isSilent(record)) return;
    try {
      await runtime.mark(record.id, "none", {});
    } catch (error) {
      log.warn("could not rename a container", { ...about(record), error: String(error) });
    }
  }

  #adopt(name: string, records: readonly InstanceRecord[]): { done: Promise<void> } | undefined {
    const { log } = this.#services;
    const { servers, add } = this.#options;
    const readable = records.filter(({ spec }) => spec !== undefined);
    const [first] = readable;
    if (first?.spec === undefined || servers.has(name)) return undefined;
    for (const record of readable) log.info("adopting a server", about(record));
    const { spec, origin } = first;
    return { done: add({ name, spec, origin }).adopt(readable) };
  }

  /** Says once of a container why it is left alone. */
  #tell(record: InstanceRecord): void {
    const { leaveAlone } = record;
    const problem = leaveAlone ?? unreadable(record);
    if (problem === undefined || this.#told.has(record.id)) return;
    const { log } = this.#services;
    // One that the engine does not answer for now may be told of again, when it does.
    if (!isSilent(record)) this.#told.add(record.id);
    const why = leaveAlone === undefined ? "whose spec can't be read" : "that is not as a manager makes it";
    log.error(`left alone a container ${why}`, { ...about(record), problem });
  }

  /** Whether a container is nobody's: of no server, or one too many. One that can't be read is another version's. */
  #isOrphan(record: InstanceRecord): boolean {
    if (unreadable(record) !== undefined || record.leaveAlone !== undefined) return false;
    const server = this.#options.servers.get(record.server);
    return server === undefined || (!server.busy && !server.owns(record.id));
  }
}

function isSilent({ usability }: InstanceRecord): boolean {
  return usability.kind === "silent";
}

/** Why its spec can't be read. */
function unreadable({ usability }: InstanceRecord): string | undefined {
  return "why" in usability ? usability.why : undefined;
}

function about(record: InstanceRecord) {
  return { server: record.server, container: record.id.slice(0, 12), state: record.state };
}
