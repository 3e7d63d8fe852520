import type { EngineSync } from "./engine-sync.ts";
import type { ManagedServer } from "./managed-server.ts";
import { ExitWatch } from "./run/exit-watch.ts";

/** What the engine tells of containers, handed to the servers and to who compares them with the engine. */
export function watchExits(servers: ReadonlyMap<string, ManagedServer>, sync: () => EngineSync): ExitWatch {
  const all = () => [...servers.values()];
  return new ExitWatch({
    onBroken: () => {
      for (const server of all()) server.engineLost();
    },
    onResync: () => sync().resync(),
    onChanged: (id) => sync().look(id),
    onOutOfMemory: (id) => {
      for (const server of all()) server.outOfMemory(id);
    },
  });
}
