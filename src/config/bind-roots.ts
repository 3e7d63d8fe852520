import { readFile, realpath, stat } from "node:fs/promises";
import type { Log } from "../base/log/log.ts";
import { ConfigError } from "./settings/setting.ts";

/** The settings that the check reads. */
export interface BindRootSettings {
  readonly bindRoots: readonly string[];
  readonly inContainer: boolean;
}

/**
 * The manager resolves a bind mount's source in its own file system, and the engine mounts the result from the host's:
 * both must show the same folder at the same path. So a root that is missing here, or that a container has in its own
 * image instead of as a mount, stops the start. Throws ConfigError. The log names a root where set-uid programs count.
 */
export async function checkBindRoots({ bindRoots, inContainer }: BindRootSettings, log: Log): Promise<void> {
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
  // A bind mount by the engine can't be nosuid of its own.
  const mounts = bindRoots.length === 0 ? "" : await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  for (const root of bindRoots) {
    if (isNosuid(await realpath(root), mounts) !== false) continue;
    const todo = "a server that may write there can leave a set-uid program of its user: mount the file system nosuid";
    log.warn(`MCPM_BIND_ROOTS has a folder on a file system that is not mounted nosuid; ${todo}`, { root });
  }
}

const mountIt = ": mount the host's folder into the manager's container at the same path, as make start does";

/** Whether set-uid bits count for nothing at this path, by Linux's list of mounts; undefined when that is not known. */
export function isNosuid(path: string, mountinfo: string): boolean | undefined {
  let found: { readonly place: string; readonly options: readonly string[] } | undefined;
  for (const line of mountinfo.split("\n")) {
    const [, , , , escaped, options] = line.split(" ");
    if (escaped === undefined || options === undefined) continue;
    const place = escaped.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isAround = place === "/" || path === place || path.startsWith(`${place}/`);
    // Of two in one place the later one is on top.
    if (isAround && place.length >= (found?.place.length ?? 0)) found = { place, options: options.split(",") };
  }
  return found?.options.includes("nosuid");
}
