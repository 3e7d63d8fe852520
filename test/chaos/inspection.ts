import type { TestFleet } from "../runtime/docker/test-fleet.ts";

/** What the engine has of a fleet, by its own word. */
export interface Inspection {
  readonly containers: readonly FoundContainer[];
  readonly volumes: readonly string[];
}

export interface FoundContainer {
  readonly id: string;
  readonly server: string;
  /** Without the fleet: the server's name, and what follows it. */
  readonly name: string;
  readonly state: string;
  readonly anonymousVolumes: readonly string[];
}

export async function inspect(engine: TestFleet): Promise<Inspection> {
  const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${engine.fleet}`];
  const containers = await engine.docker.listContainers({ all: true, filters: { label } });
  return {
    containers: containers.map(({ Id, Labels, Names, State, Mounts }) => ({
      id: Id,
      server: Labels["mcpm.server"] ?? "",
      name: (Names[0] ?? "").replace(`/mcp-${engine.fleet}.`, ""),
      state: State,
      anonymousVolumes: Mounts.flatMap(({ Name }) => (Name !== undefined && /^[0-9a-f]{64}$/.test(Name) ? [Name] : [])),
    })),
    volumes: await engine.volumes(),
  };
}
