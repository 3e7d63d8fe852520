import { ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import type { BenchManager } from "../load/bench-manager.ts";

/** Restarts the manager and returns the time from the start of its process until all its servers are ready. */
export async function adoptionMs(manager: BenchManager, servers: number): Promise<number> {
  await manager.shutDown();
  const startMs = performance.now();
  await manager.boot();
  for await (const _ of manager.client.watch({})) {
    const { servers: now } = await manager.client.list({ pageSize: 1000 });
    if (now.length !== servers) throw new Error(`${now.length} of ${servers} servers were adopted`);
    const failed = now.find(({ state }) => state === ServerState.FAILED);
    if (failed !== undefined) throw new Error(`${failed.name} failed: ${failed.lastError?.message}`);
    if (now.every(({ state }) => state === ServerState.READY)) break;
  }
  return performance.now() - startMs;
}
