import type { Log } from "../base/log/log.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/settings/setting.ts";
import type { StateDir } from "../config/state-dir.ts";
import type { FleetCache } from "../fleet/fleet-options.ts";
import { CacheFolder } from "../state/cache-folder.ts";
import { FolderProblem, StateFolder } from "../state/state-folder.ts";
import { StateKey } from "../state/state-key.ts";

const fleetFile = "fleet";
const mib = 1024 * 1024;

/** What one program is known by: what it says of itself has at most 81 KiB. */
const programs = { maxFiles: 1000, maxTotalBytes: 32 * mib, maxBytes: mib };
/** One change of a list is often followed by others. */
const listings = { maxFiles: 1000, maxTotalBytes: 128 * mib, maxBytes: 16 * mib, delayMs: 1000 };

/**
 * Opens the folder of what the manager keeps beside the engine. One that was set and can't be used stops the start
 * (throws ConfigError); without the default one the manager goes on, and says so once.
 */
export function openState(dir: StateDir, log: Log): Promise<StateFolder | undefined> {
  const open = async () => {
    const folder = await StateFolder.open(dir.path, { log, uid: process.getuid?.() });
    await checkFleet(folder, dir.fleet);
    return folder;
  };
  return unlessProblem(open, dir, log);
}

/** Names whose folder it is. Two fleets in one would remove what the other one is just writing. */
async function checkFleet(folder: StateFolder, fleet: string): Promise<void> {
  const owner = (await folder.read(fleetFile, { maxBytes: 256 }))?.toString();
  if (owner === fleet) return;
  if (owner === undefined || owner === "") {
    // With a full disk a later start does it: what is there can be read meanwhile.
    await folder.write(fleetFile, fleet).catch(() => {});
    return;
  }
  const whose = JSON.stringify(owner);
  throw new FolderProblem(folder.path, `is the state folder of the fleet ${whose}: choose one for ${fleet} alone`);
}

/** What is known of programs. Needs the fleet's ownership: two managers would undo what the other learnt. */
export async function openCache(
  state: StateFolder | undefined,
  options: { readonly dir: StateDir; readonly log: Log },
): Promise<(FleetCache & AsyncDisposable) | undefined> {
  const { dir, log } = options;
  if (state === undefined) return undefined;
  const open = async () => {
    const cache = await CacheFolder.open(await state.folder("cache"), { log });
    return {
      programs: await cache.texts("programs", programs),
      listings: await cache.texts("listings", listings),
      [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
    };
  };
  return unlessProblem(open, dir, log);
}

/** The fleet's key. One that can't be read stops the start, and one that can't be kept is another one next time. */
export async function openKey(
  state: StateFolder | undefined,
  { config: { fleet }, log }: { readonly config: Pick<Config, "fleet">; readonly log: Log },
): Promise<StateKey> {
  try {
    return await StateKey.open(state, fleet.stateKeys);
  } catch (error) {
    if (error instanceof FolderProblem) throw new ConfigError(`MCPM_STATE_DIR: ${error.message}`);
    log.warn("the fleet's key can't be kept: the next manager has another one", { problem: (error as Error).message });
    return StateKey.open(undefined);
  }
}

async function unlessProblem<T>(open: () => Promise<T>, { isGiven }: StateDir, log: Log): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    // What else can go wrong, as with a full disk, may pass, and servers wait for their manager.
    if (isGiven && error instanceof FolderProblem) throw new ConfigError(`MCPM_STATE_DIR: ${error.message}`);
    const helps = isGiven ? " until it is started again" : ": set MCPM_STATE_DIR to a folder of its own";
    const message = `the manager keeps nothing beside the engine${helps}`;
    log.warn(message, { problem: (error as Error).message });
    return undefined;
  }
}
