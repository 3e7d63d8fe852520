import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import type { Stage } from "../stage.ts";

/** The volumes that the fleet's containers had, the anonymous ones among them, which carry no label. */
export class SeenVolumes {
  readonly names = new Set<string>();

  /** Looks again and again until the soak is over. */
  async watch({ docker, fleet, over }: Stage): Promise<void> {
    while (!over.aborted) {
      const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${fleet}`];
      const containers = await docker.listContainers({ all: true, filters: { label } });
      for (const { Mounts } of containers) {
        for (const { Type, Name } of Mounts) if (Type === "volume" && Name !== undefined) this.names.add(Name);
      }
      await delay(500, undefined, { signal: over }).catch(() => {});
    }
  }

  /** Those that are still there. */
  async left(docker: Docker): Promise<string[]> {
    const { Volumes } = await docker.listVolumes();
    return (Volumes ?? []).map(({ Name }) => Name).filter((name) => this.names.has(name));
  }
}
