import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where the manager keeps what it needs beside the engine. */
export interface StateDir {
  readonly path: string;
  /** Somebody has set it: one that can't be used then stops the start. */
  readonly isGiven: boolean;
  readonly fleet: string;
}

/** Without a setting it is where programs of a user keep their state (XDG Base Directory), a folder a fleet. */
export function stateDir(
  env: Readonly<Record<string, string | undefined>>,
  fleet: { readonly name: string; readonly stateDir: string | undefined },
): StateDir {
  if (fleet.stateDir !== undefined) return Object.freeze({ path: fleet.stateDir, isGiven: true, fleet: fleet.name });
  const { XDG_STATE_HOME: given = "", HOME = "" } = env;
  const home = isAbsolute(given) ? given : join(HOME || homedir(), ".local", "state");
  return Object.freeze({ path: join(home, "mcp-docker-manager", fleet.name), isGiven: false, fleet: fleet.name });
}
