import type { ServerSnapshot } from "./state/server-snapshot.ts";

const maxServers = 100;

/** The last snapshot of recently removed servers, for watchers of the fleet. */
export class Tombstones {
  readonly #servers = new Map<string, ServerSnapshot>();

  note(server: ServerSnapshot): void {
    // The server that was removed last is at the end.
    this.#servers.delete(server.name);
    this.#servers.set(server.name, server);
    for (const [oldest] of this.#servers) if (this.#servers.size > maxServers) this.#servers.delete(oldest);
  }

  of(name: string): ServerSnapshot | undefined {
    return this.#servers.get(name);
  }
}
