import type { InstanceExit, WatchListener } from "../../src/runtime/runtime.ts";

/** What a watch tells about each instance. */
export class Exits implements WatchListener {
  readonly #exits = new Map<string, PromiseWithResolvers<InstanceExit>>();
  readonly #removed = new Map<string, PromiseWithResolvers<void>>();
  readonly #starved = new Map<string, PromiseWithResolvers<void>>();
  /** Ids in the order of what was told. */
  readonly told: string[] = [];

  exit(id: string, exit: InstanceExit): void {
    this.told.push(id);
    entry(this.#exits, id).resolve(exit);
  }

  changed(): void {}

  outOfMemory(id: string): void {
    entry(this.#starved, id).resolve();
  }

  removed(id: string): void {
    this.told.push(id);
    entry(this.#removed, id).resolve();
  }

  broken(): void {}

  resync(): void {}

  exitOf(id: string): Promise<InstanceExit> {
    return entry(this.#exits, id).promise;
  }

  /** Resolves when it is told that a process of it lacked memory. */
  starvationOf(id: string): Promise<void> {
    return entry(this.#starved, id).promise;
  }

  removalOf(id: string): Promise<void> {
    return entry(this.#removed, id).promise;
  }
}

function entry<T>(map: Map<string, PromiseWithResolvers<T>>, id: string): PromiseWithResolvers<T> {
  const known = map.get(id) ?? Promise.withResolvers<T>();
  map.set(id, known);
  return known;
}
