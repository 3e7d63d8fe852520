import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isLoopback } from "./loopback.ts";
import { type RuntimeKind, runtimeCapabilities } from "./runtime/capabilities.ts";
import {
  absolutePath,
  decimal,
  flag,
  flagOf,
  integer,
  list,
  oneOf,
  type Setting,
  SettingProblem,
  text,
  userAndGroup,
} from "./settings.ts";

const mib = 1024 * 1024;

function setting<T>(env: string, options: Omit<Setting<T>, "env">): Setting<T> {
  return { env, ...options };
}

/** Every setting: name, default, rule. `--help` prints this table. */
const settings = {
  host: setting("MCPM_HOST", {
    help: "address to listen on",
    fallback: "127.0.0.1",
    parse: text(/^[A-Za-z0-9.:_-]{1,253}$/, "must be a host name or an address"),
  }),
  port: setting("MCPM_PORT", { help: "port to listen on; 0: any free one", fallback: 8080, parse: integer(0, 65_535) }),
  fleet: setting("MCPM_FLEET", {
    help: "name of the fleet that this manager owns",
    fallback: "default",
    parse: text(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, "must be 1 to 32 of a-z, 0-9 and '-'"),
  }),
  runtime: setting("MCPM_RUNTIME", {
    help: "what runs the servers: docker, or process (no sandbox, for development; loopback only)",
    fallback: "docker" as RuntimeKind,
    parse: oneOf(Object.keys(runtimeCapabilities) as RuntimeKind[]),
  }),
  bindRoots: setting("MCPM_BIND_ROOTS", {
    help: "folders below which bind mounts are allowed, comma-separated",
    fallback: [] as readonly string[],
    parse: list(absolutePath),
  }),
  bindUsers: setting("MCPM_BIND_USERS", {
    help: "users as which servers may write to bind mounts, as uid:gid, comma-separated; unset: also the manager's own, unless that is root",
    fallback: ["1000:1000"] as readonly string[],
    parse: list(userAndGroup),
  }),
  allowedHosts: setting("MCPM_ALLOWED_HOSTS", {
    help: "Host names besides loopback that requests may carry, comma-separated",
    fallback: [] as readonly string[],
    parse: list((host) => text(/^[a-zA-Z0-9._-]+$/, "must hold host names without port")(host).toLowerCase()),
  }),
  corsOrigins: setting("MCPM_CORS_ORIGINS", {
    help: "origins of web pages that may call, comma-separated",
    fallback: [] as readonly string[],
    parse: list(text(/^https?:\/\/[^/,\s]+$/, "must hold origins such as https://console.example")),
  }),
  allowCaps: setting("MCPM_ALLOW_CAPS", {
    help: "capabilities that a spec may add, comma-separated",
    fallback: [] as readonly string[],
    parse: list(text(/^(?!CAP_)[A-Z][A-Z_]*$/, "must hold capabilities without CAP_, e.g. NET_BIND_SERVICE")),
  }),
  allowNetworks: setting("MCPM_ALLOW_NETWORKS", {
    help: "networks besides none that a spec may ask for: bridge",
    fallback: [] as readonly string[],
    parse: list(oneOf(["bridge"])),
  }),
  allowLabels: setting("MCPM_ALLOW_LABELS", {
    help: "labels that a spec may give its container as they are, comma-separated; a name may end in * (team,com.example.*)",
    fallback: [] as readonly string[],
    parse: list(text(/^[A-Za-z0-9_./-]{1,255}\*?$/, "must hold names of labels; one may end in *")),
  }),
  allowWritableRoot: setting("MCPM_ALLOW_WRITABLE_ROOT", {
    help: "1: a spec may ask for a writable root",
    fallback: false,
    parse: flag,
  }),
  requireLimits: setting("MCPM_REQUIRE_LIMITS", {
    help: "1: start servers only where the engine enforces their memory, swap, CPUs and processes",
    fallback: false,
    parse: flag,
  }),
  registries: setting("MCPM_REGISTRIES", {
    help: "registries besides those with a public DNS name and no port that images are pulled from, as host or host:port, comma-separated",
    fallback: [] as readonly string[],
    parse: list((host) =>
      text(
        /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?(:[0-9]{1,5})?$/,
        "must hold registries as images name them, host or host:port",
      )(host).toLowerCase(),
    ),
  }),
  maxCpus: setting("MCPM_MAX_CPUS", { help: "most CPUs of a server", fallback: 4, parse: decimal(0.01, 1024) }),
  maxMemoryBytes: setting("MCPM_MAX_MEMORY_BYTES", {
    help: "most memory of a server",
    fallback: 4096 * mib,
    parse: integer(6 * mib, Number.MAX_SAFE_INTEGER),
  }),
  maxPids: setting("MCPM_MAX_PIDS", {
    help: "most processes of a server",
    fallback: 4096,
    parse: integer(1, 4_194_304),
  }),
  maxRequestBytes: setting("MCPM_MAX_REQUEST_BYTES", {
    help: "largest request message",
    fallback: 16 * mib,
    parse: integer(1024, 1024 * mib),
  }),
  maxLineBytes: setting("MCPM_MAX_LINE_BYTES", {
    help: "largest line that a server may write",
    fallback: 32 * mib,
    parse: integer(1024, 256 * mib),
  }),
  maxUnreadBytes: setting("MCPM_MAX_UNREAD_BYTES", {
    help: "bytes that may wait for callers: of answers to be read, of requests to be sent whole",
    fallback: 256 * mib,
    parse: integer(mib, 65_536 * mib),
  }),
  maxConnectionsPerAddress: setting("MCPM_MAX_CONNECTIONS_PER_ADDRESS", {
    help: "connections of one remote address; all callers on this machine have the same",
    fallback: 2000,
    parse: integer(10, 1_000_000),
  }),
  callTimeoutMs: setting("MCPM_CALL_TIMEOUT_MS", {
    help: "deadline of a call whose caller and spec set none",
    fallback: 60_000,
    parse: integer(1, 86_400_000),
  }),
  maxCallTimeoutMs: setting("MCPM_MAX_CALL_TIMEOUT_MS", {
    help: "longest deadline of a call",
    fallback: 600_000,
    parse: integer(1, 86_400_000),
  }),
  logRingBytes: setting("MCPM_LOG_RING_BYTES", {
    help: "memory for the recent log lines of one server",
    fallback: mib,
    parse: integer(4096, 1024 * mib),
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
  insecureListen: setting("MCPM_INSECURE_LISTEN", {
    help: "1: listen on an address that is not loopback, without any authentication",
    fallback: false,
    parse: flag,
  }),
  inContainer: setting("MCPM_IN_CONTAINER", {
    help: "1: the manager runs in a container, as its image sets it: each bind root must be a mount",
    fallback: false,
    parse: flag,
  }),
  logLevel: setting("MCPM_LOG_LEVEL", {
    help: "what the manager's own log shows",
    fallback: "info" as const,
    parse: oneOf(["debug", "info", "warn", "error"]),
  }),
};

/** Read by scripts/, not by the manager. */
export const scriptSettings = ["MCPM_NODE_IMAGE", "MCPM_PYTHON_IMAGE", "MCPM_URL"];

type Settings = { readonly [K in keyof typeof settings]: (typeof settings)[K]["fallback"] };

/** The manager's configuration, checked and frozen. */
export interface Config extends Readonly<Omit<Settings, "logLevel">> {
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** `DOCKER_HOST`; undefined: the default socket. */
  readonly dockerHost: string | undefined;
  /** Folder of the Docker config, for registry credentials (`DOCKER_CONFIG`). */
  readonly dockerConfigDir: string;
  /** Client certificate for a TLS engine (`DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`). */
  readonly dockerTls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** What servers of the runtime `process` get of this process's environment: PATH and HOME. */
  readonly processEnv: Readonly<Record<string, string>>;
}

/** A configuration that stops the start: the message names the setting. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
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
  const values: Record<string, unknown> = {};
  for (const [key, { env: name, fallback, parse }] of Object.entries(settings)) {
    values[key] = read<unknown>(flags[flagOf(name)] ?? env[name], { name, fallback, parse });
  }
  if (values.bindUsers === settings.bindUsers.fallback) values.bindUsers = defaultBindUsers(user);
  const config = Object.freeze({ ...values, ...dockerConfig(env), processEnv: processEnv(env) }) as unknown as Config;
  checkHost(config);
  return config;
}

/** A folder of the manager's own user is one that its servers may be let write to; of root's none is. */
function defaultBindUsers(user: string | undefined): readonly string[] {
  const { fallback } = settings.bindUsers;
  return user === undefined || user.startsWith("0:") ? fallback : [...new Set([...fallback, user])];
}

function checkHost({ host, runtime, insecureListen }: Config): void {
  if (isLoopback(host)) return;
  if (!runtimeCapabilities[runtime].sandbox) {
    throw new ConfigError(
      `MCPM_HOST=${host} is not a loopback address, and with MCPM_RUNTIME=${runtime} whoever reaches the manager runs any ` +
        "command as this user. Listen on 127.0.0.1, or use MCPM_RUNTIME=docker; MCPM_INSECURE_LISTEN makes no difference",
    );
  }
  if (insecureListen) return;
  throw new ConfigError(
    `MCPM_HOST=${host} is not a loopback address, and this manager has no authentication: whoever reaches it ` +
      "runs containers on this machine. Listen on 127.0.0.1, or set MCPM_INSECURE_LISTEN=1 if something in front protects it",
  );
}

/** Environment variables that look like settings and are none: misspelt ones, most likely. */
export function unknownSettings({ env }: ConfigSource): string[] {
  const known = new Set<string>([...Object.values(settings).map((setting) => setting.env), ...scriptSettings]);
  return Object.keys(env).filter((name) => name.startsWith("MCPM_") && !known.has(name));
}

/** The text that `--help` prints. */
export function usage(): string {
  const rows = Object.values(settings).map(({ env, help, fallback }) => {
    const shown = Array.isArray(fallback)
      ? fallback.join(",") || "none"
      : typeof fallback === "boolean"
        ? Number(fallback)
        : fallback;
    return `  --${flagOf(env)}, ${env}\n      ${help} (${shown})\n`;
  });
  return `Usage: mcp-docker-manager [--flag value …] | --help | --version\n\nEach setting is a flag or an environment variable; the flag wins.\n\n${rows.join("")}`;
}

function readFlags(args: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    Object.values(settings).map(({ env }) => [flagOf(env), { type: "string" as const }]),
  );
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Record<
      string,
      string
    >;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function read<T>(
  value: string | undefined,
  { name, fallback, parse }: Pick<Setting<T>, "fallback" | "parse"> & { name: string },
): T {
  if (value === undefined || value === "") return fallback;
  try {
    return parse(value);
  } catch (error) {
    if (error instanceof SettingProblem) throw new ConfigError(`${name}=${value} ${error.message}`);
    throw error;
  }
}

function dockerConfig(env: ConfigSource["env"]): Pick<Config, "dockerHost" | "dockerConfigDir" | "dockerTls"> {
  const dockerConfigDir = env.DOCKER_CONFIG || join(homedir(), ".docker");
  const certPath = env.DOCKER_CERT_PATH || dockerConfigDir;
  return {
    dockerHost: env.DOCKER_HOST || undefined,
    dockerConfigDir,
    dockerTls: env.DOCKER_TLS_VERIFY ? readCertificates(certPath) : undefined,
  };
}

function processEnv({ PATH = "/usr/local/bin:/usr/bin:/bin", HOME = homedir() }: ConfigSource["env"]) {
  return Object.freeze({ PATH, HOME });
}

function readCertificates(folder: string): NonNullable<Config["dockerTls"]> {
  try {
    const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((file) => readFileSync(join(folder, file)));
    if (ca === undefined || cert === undefined || key === undefined) throw new Error("unreachable");
    return { ca, cert, key };
  } catch (error) {
    throw new ConfigError(`DOCKER_TLS_VERIFY is set, but DOCKER_CERT_PATH=${folder} can't be read: ${String(error)}`);
  }
}
