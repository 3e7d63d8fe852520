import { stat } from "node:fs/promises";
import { ConfigError } from "./config.ts";

/** The settings that the check reads. */
export interface BindRootSettings {
  readonly bindRoots: readonly string[];
  readonly inContainer: boolean;
}

/**
 * The manager resolves a bind mount's source in its own file system, and the engine mounts the result from the host's:
 * both must show the same folder at the same path. So a root that is missing here, or that a container has in its own
 * image instead of as a mount, stops the start. Throws ConfigError.
 */
export async function checkBindRoots({ bindRoots, inContainer }: BindRootSettings): Promise<void> {
  for (const root of bindRoots) {
    const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "does not exist" : `can't be used (${error.code})`;
      throw new ConfigError(`MCPM_BIND_ROOTS: ${root} ${why}${inContainer ? mountIt : ": create it, or take it out"}`);
    });
    if (!found.isDirectory()) throw new ConfigError(`MCPM_BIND_ROOTS: ${root} is not a folder`);
    if (inContainer && found.dev === (await stat("/")).dev) {
      throw new ConfigError(`MCPM_BIND_ROOTS: ${root} is the container's own folder${mountIt}`);
    }
  }
}

const mountIt = ": mount the host's folder into the manager's container at the same path, as make start does";
