import type { Log } from "../base/log/log.ts";
import type { Config } from "../config/config.ts";
import type { RuntimeKind } from "../runtime/capabilities.ts";
import { createDockerRuntime, type DockerRuntimeOptions } from "../runtime/docker/docker-runtime.ts";
import { createProcessRuntime, type ProcessRuntimeOptions } from "../runtime/process/process-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What runtimes get besides their settings. */
export interface RuntimeParts {
  readonly log: Log;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Where the manager keeps what no server may be given by a mount, as it is now. */
  readonly ownPlaces: () => readonly string[];
}

/** How each kind of runtime is made. Nothing is opened until it is called. `Required`: no setting is forgotten. */
export const runtimes: Readonly<Record<RuntimeKind, (config: Config, parts: RuntimeParts) => Runtime>> = {
  docker: ({ docker, fleet, admission }, { log, now, ownPlaces }) => {
    const { registries, bindRoots, bindUsers, allowLabels, imageVolumes, subnets, requireLimits } = admission;
    const options: Required<DockerRuntimeOptions> = {
      dockerHost: docker.host,
      dockerConfigDir: docker.configDir,
      tls: docker.tls,
      fleet: fleet.name,
      secretsDir: fleet.secretsDir,
      ownPlaces,
      registries,
      bindRoots,
      bindUsers,
      allowLabels,
      imageVolumes,
      subnets,
      requireLimits,
      log,
      now,
    };
    return createDockerRuntime(options);
  },
  process: ({ process: { baseEnv }, admission: { requireLimits } }, { log, now, newId }) => {
    const options: Required<ProcessRuntimeOptions> = { log, now, newId, baseEnv, requireLimits };
    return createProcessRuntime(options);
  },
};
