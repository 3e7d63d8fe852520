/**
 * What a server shall be, in the domain's terms, which rpc, http, fleet and the runtimes share. Field rules are in
 * `spec-schema.ts`. Durations are milliseconds, sizes bytes; an absent field means the default.
 */
export interface ServerSpec {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly mounts?: readonly MountSpec[];
  readonly limits?: LimitsSpec;
  readonly network?: "none" | "bridge";
  readonly workingDir?: string;
  readonly user?: string;
  readonly readOnlyRoot?: boolean;
  readonly capAdd?: readonly string[];
  readonly era?: Era;
  readonly pullPolicy?: PullPolicy;
  readonly restart?: RestartSpec;
  readonly handshakeTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly health?: HealthSpec;
  readonly idleTimeoutMs?: number;
  readonly replicas?: number;
  readonly callLimits?: CallLimitsSpec;
  readonly init?: boolean;
  /** Names of declared secrets by the names of the variables that hold their values. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Names of declared secrets by the absolute paths of the files that hold their values. */
  readonly secretFiles?: Readonly<Record<string, string>>;
}

/** What happens when an instance goes down by itself. */
export interface RestartSpec {
  readonly policy?: RestartPolicy;
  /** In a row; 0: no limit. */
  readonly maxRestarts?: number;
  readonly initialBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

export type RestartPolicy = "never" | "on_failure" | "always";

export interface HealthSpec {
  /** 0: never asked. */
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly failureThreshold?: number;
  readonly killUnhealthy?: boolean;
}

export interface MountSpec {
  readonly type: "bind" | "volume" | "tmpfs";
  readonly source?: string;
  readonly target: string;
  readonly writable?: boolean;
  readonly uid?: number;
  /** In octal digits. */
  readonly mode?: string;
  readonly sizeBytes?: number;
}

export interface LimitsSpec {
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
}

/** How many calls a server gets at a time, and how many wait for their turn. */
export interface CallLimitsSpec {
  readonly maxInFlight?: number;
  readonly maxQueued?: number;
}

/** A generation of MCP. */
export type Era = "legacy" | "modern";

export type PullPolicy = "if_missing" | "never" | "always";

/** What a server gets when its spec says nothing. */
export const specDefaults = {
  cpus: 1,
  memoryBytes: 512 * 1024 * 1024,
  pids: 256,
  handshakeTimeoutMs: 30_000,
  maxRestarts: 10,
  initialBackoffMs: 200,
  maxBackoffMs: 60_000,
  /** An instance that was ready for so long, and for its longest backoff, came up well. */
  steadyMs: 10_000,
  healthIntervalMs: 30_000,
  healthTimeoutMs: 10_000,
  healthFailureThreshold: 3,
  maxInFlight: 1024,
  maxQueued: 1024,
} as const;
