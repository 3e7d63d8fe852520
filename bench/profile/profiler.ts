import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ManagerProcess } from "../../test/e2e/manager-process.ts";

/** As V8 writes it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Takes CPU profiles of a manager that was started with this profiler's `env`. */
export class Profiler {
  readonly env: Record<string, string>;
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "profile.json");
    const preload = fileURLToPath(new URL("profiler.cjs", import.meta.url));
    this.env = { NODE_OPTIONS: `--require=${preload}`, BENCH_PROFILE_FILE: this.#file };
  }

  /** The profile of what the manager does meanwhile. */
  async during<T>(manager: ManagerProcess, work: () => Promise<T>): Promise<{ result: T; profile: CpuProfile }> {
    await this.#toggle(manager);
    const result = await work();
    return { result, profile: JSON.parse(await this.#toggle(manager)) };
  }

  async #toggle(manager: ManagerProcess): Promise<string> {
    rmSync(this.#file, { force: true });
    manager.signal("SIGUSR2");
    while (!existsSync(this.#file)) await delay(10);
    return readFileSync(this.#file, "utf8");
  }
}
