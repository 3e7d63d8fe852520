import { absolutePath, integer, text } from "./parsers.ts";
import { SettingProblem, setting } from "./setting.ts";

/** The current one, and perhaps the one before it. */
function keys(value: string): readonly Buffer[] {
  const all = value.split(",").map((key) => key.trim());
  if (all.length > 2 || !all.every((key) => /^[0-9a-fA-F]{64}$/.test(key))) {
    throw new SettingProblem("must be 64 hexadecimal digits, or two such keys with a comma between them");
  }
  return all.map((key) => Buffer.from(key, "hex"));
}

/** Which servers are the manager's, and how they end. */
export const fleetSettings = {
  name: setting("MCPM_FLEET", {
    help: "name of the fleet that this manager owns",
    fallback: "default",
    parse: text(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, "must be 1 to 32 of a-z, 0-9 and '-'"),
  }),
  stateDir: setting<string | undefined>("MCPM_STATE_DIR", {
    help: "folder of what the manager keeps beside the engine, which nobody else may read or write",
    fallback: undefined,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's variable
    fallbackText: "${XDG_STATE_HOME:-~/.local/state}/mcp-docker-manager/<fleet>",
    parse: absolutePath,
  }),
  secretsDir: setting("MCPM_SECRETS_DIR", {
    help: "folder for files of secrets, which the engine finds at the same path; best one in memory",
    fallback: "/run/mcpm",
    parse: absolutePath,
  }),
  stateKeys: setting<readonly Buffer[]>("MCPM_STATE_KEY", {
    help: "key of the fleet instead of the state folder's, and the one before it: 64 hexadecimal digits each",
    fallback: [],
    fallbackText: "the file `key` of the state folder",
    isSecret: true,
    parse: keys,
  }),
  reapGraceMs: setting("MCPM_REAP_GRACE_MS", {
    help: "how long a container of the fleet may belong to no server before it is removed",
    fallback: 300_000,
    parse: integer(1000, 86_400_000),
  }),
  shutdownGraceMs: setting("MCPM_SHUTDOWN_GRACE_MS", {
    help: "how long calls under way may take when the manager stops",
    fallback: 10_000,
    parse: integer(0, 3_600_000),
  }),
};
