import { homedir } from "node:os";
import { parseArgs } from "node:util";
import { isLoopback } from "../base/text/loopback.ts";
import { runtimeCapabilities } from "../runtime/capabilities.ts";
import { type DockerEnv, readDockerEnv } from "./docker-env.ts";
import { admissionSettings } from "./settings/admission.ts";
import { callSettings } from "./settings/calls.ts";
import { fleetSettings } from "./settings/fleet.ts";
import { limitSettings } from "./settings/limits.ts";
import { listenSettings } from "./settings/listen.ts";
import { logSettings } from "./settings/log.ts";
import { runtimeSettings } from "./settings/runtime.ts";
import {
  ConfigError,
  flagOf,
  readSettings,
  type Setting,
  type SettingTable,
  type ValuesOf,
} from "./settings/setting.ts";
import { type StateDir, stateDir } from "./state-dir.ts";

/** Every setting, by owner, in the order of `--help`. */
const settings = {
  listen: listenSettings,
  fleet: fleetSettings,
  runtime: runtimeSettings,
  admission: admissionSettings,
  limits: limitSettings,
  calls: callSettings,
  log: logSettings,
};

type Owner = keyof typeof settings;

/** What `--help` puts above each owner's settings. */
const titles: Record<Owner, string> = {
  listen: "Where it listens, and to whom",
  fleet: "The fleet",
  runtime: "What runs the servers",
  admission: "What a spec may ask for",
  limits: "How much is kept",
  calls: "Calls",
  log: "The log",
};

/** Read by scripts/, not by the manager. */
export const scriptSettings = ["MCPM_NODE_IMAGE", "MCPM_PYTHON_IMAGE", "MCPM_URL"];

type SettingValues = { readonly [O in Owner]: ValuesOf<(typeof settings)[O]> };

/** The manager's configuration, checked and frozen. Each part is handed to the code that uses it. */
export interface Config extends SettingValues {
  readonly docker: DockerEnv;
  readonly state: StateDir;
  readonly process: {
    /** What servers of the runtime `process` get of this process's environment: PATH and HOME. */
    readonly baseEnv: Readonly<Record<string, string>>;
  };
}

export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  /** Who the manager is, as `uid:gid`; absent where that is not known. */
  readonly user?: string;
}

/** What this process was started with. */
export function processSource(): ConfigSource {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const user = uid === undefined ? {} : { user: `${uid}:${gid}` };
  return { env: process.env, args: process.argv.slice(2), ...user };
}

/** Environment and flags (which win) -> Config. Throws ConfigError. */
export function readConfig({ env, args, user }: ConfigSource): Config {
  const flags = readFlags(args);
  const textOf = (name: string) => flags[flagOf(name)] ?? env[name];
  const read = <Table extends SettingTable>(table: Table) => readSettings(table, { textOf, user });
  const fleet = read(settings.fleet);
  const config: Config = Object.freeze({
    listen: read(settings.listen),
    fleet,
    runtime: read(settings.runtime),
    admission: read(settings.admission),
    limits: read(settings.limits),
    calls: read(settings.calls),
    log: read(settings.log),
    docker: readDockerEnv(env),
    state: stateDir(env, fleet),
    process: Object.freeze({ baseEnv: baseEnv(env) }),
  });
  checkHost(config);
  return config;
}

function checkHost({ listen: { host, insecureListen }, runtime }: Config): void {
  if (isLoopback(host)) return;
  if (!runtimeCapabilities[runtime.kind].sandbox) {
    throw new ConfigError(
      `MCPM_HOST=${host} is not a loopback address, and with MCPM_RUNTIME=${runtime.kind} anyone who reaches the manager can run any ` +
        "command as this user. Listen on 127.0.0.1, or use MCPM_RUNTIME=docker; MCPM_INSECURE_LISTEN makes no difference",
    );
  }
  if (insecureListen) return;
  throw new ConfigError(
    `MCPM_HOST=${host} is not a loopback address, and this manager has no authentication: anyone who reaches it ` +
      "can run containers on this machine. Listen on 127.0.0.1, or set MCPM_INSECURE_LISTEN=1 if something in front protects it",
  );
}

/** Environment variables that look like settings but are not: misspelt ones, most likely. */
export function unknownSettings({ env }: ConfigSource): string[] {
  const known = new Set<string>([...allSettings().map((setting) => setting.env), ...scriptSettings]);
  return Object.keys(env).filter((name) => name.startsWith("MCPM_") && !known.has(name));
}

/** The text that `--help` prints. */
export function usage(): string {
  const groups = Object.entries<SettingTable>(settings).map(([owner, table]) => {
    const rows = Object.values(table).map(({ env, help, fallback, fallbackText, isSecret }) => {
      return `  ${isSecret ? "" : `--${flagOf(env)}, `}${env}\n      ${help} (${fallbackText ?? shown(fallback)})\n`;
    });
    return `${titles[owner as Owner]}:\n${rows.join("")}`;
  });
  return `Usage: mcp-docker-manager [--flag value …] | --help | --version\n\nEach setting is a flag or an environment variable; the flag wins.\n\n${groups.join("\n")}`;
}

function shown(fallback: unknown): string {
  if (Array.isArray(fallback)) return fallback.join(",") || "none";
  return String(typeof fallback === "boolean" ? Number(fallback) : fallback);
}

function allSettings(): Setting<unknown>[] {
  return Object.values<SettingTable>(settings).flatMap((table) => Object.values(table));
}

function readFlags(args: readonly string[]): Record<string, string | undefined> {
  const withFlag = allSettings().filter(({ isSecret }) => !isSecret);
  const options = Object.fromEntries(withFlag.map(({ env }) => [flagOf(env), { type: "string" as const }]));
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Record<
      string,
      string
    >;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function baseEnv({ PATH = "/usr/local/bin:/usr/bin:/bin", HOME = homedir() }: ConfigSource["env"]) {
  return Object.freeze({ PATH, HOME });
}
