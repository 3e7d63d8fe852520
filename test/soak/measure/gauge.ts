import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ManagerProcess } from "../../e2e/manager-process.ts";

/** Memory of the manager after a garbage collection, in bytes. */
export interface Memory {
  /** JavaScript's heap in use and the buffers outside it. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** Reads the memory of a manager that was started with this gauge's `env`. */
export class Gauge {
  readonly env: Record<string, string>;
  readonly #file: string;

  constructor(folder: string) {
    this.#file = path.join(folder, "memory.json");
    const preload = fileURLToPath(new URL("gauge.cjs", import.meta.url));
    this.env = { NODE_OPTIONS: `--require=${preload}`, SOAK_GAUGE_FILE: this.#file };
  }

  async read(manager: ManagerProcess): Promise<Memory> {
    rmSync(this.#file, { force: true });
    manager.signal("SIGUSR2");
    while (!existsSync(this.#file)) await delay(10);
    const { heapUsed, external, rss } = JSON.parse(readFileSync(this.#file, "utf8"));
    return { heapBytes: heapUsed + external, rssBytes: rss };
  }
}
