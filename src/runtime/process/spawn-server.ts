import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { ManagerError } from "../../base/errors/errors.ts";
import type { SecretValues } from "../../base/spec/secret-values.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";

export interface SpawnOptions {
  readonly server: string;
  readonly spec: ServerSpec;
  readonly secrets?: SecretValues | undefined;
  /** PATH and HOME, unless the spec sets them. Nothing else of the manager's environment: it may hold secrets. */
  readonly baseEnv: Readonly<Record<string, string>>;
}

/** A process that runs: its id is known. */
export interface Spawned {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
}

/**
 * Starts the spec's command. What runs is given at once, so that nobody starts it twice meanwhile; what the system
 * refused rejects with `not_running` (START_REFUSED).
 */
export function spawnServer(options: SpawnOptions): Spawned | Promise<never> {
  const { spec, secrets, baseEnv } = options;
  const [program = "", ...args] = [...(spec.command ?? []), ...(spec.args ?? [])];
  try {
    const child = spawn(program, args, {
      env: { ...baseEnv, ...spec.env, ...secrets?.env() },
      cwd: spec.workingDir,
      // Leads a group of its own: it can be ended with all that it forks, and no Ctrl-C of ours reaches it.
      detached: true,
      stdio: "pipe",
    });
    const { pid } = child;
    if (pid !== undefined) return { child, pid };
    return new Promise((_resolve, reject) => child.once("error", (error) => reject(startRefused(options, error))));
  } catch (error) {
    return Promise.reject(startRefused(options, error as Error));
  }
}

function startRefused({ server }: SpawnOptions, error: Error): ManagerError {
  const { code } = error as NodeJS.ErrnoException;
  const todo = code === "ENOENT" ? ": is the program installed, and on the PATH?" : "";
  const message = `the system refused to start server ${server}: ${error.message}${todo}`;
  return new ManagerError("not_running", message, {
    details: { reason: "START_REFUSED", delivery: "not_sent", server },
    cause: error,
  });
}
