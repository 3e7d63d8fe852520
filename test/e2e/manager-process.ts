import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stateHome } from "../state-home.ts";
import { grpcClient, type ManagerClient } from "./test-manager.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface SpawnOptions {
  readonly fleet: string;
  readonly env?: Record<string, string>;
}

/** A manager as users run it: a process of its own, which can be killed. */
export class ManagerProcess implements AsyncDisposable {
  readonly client: ManagerClient;
  readonly port: number;
  readonly exited: Promise<number | null>;
  /** What it has logged. */
  said = "";
  readonly #child: ChildProcessByStdio<null, null, Readable>;

  private constructor(
    child: ChildProcessByStdio<null, null, Readable>,
    options: { port: number; exited: Promise<number | null> },
  ) {
    this.#child = child;
    this.port = options.port;
    this.exited = options.exited;
    this.client = grpcClient(`http://127.0.0.1:${options.port}`);
  }

  /** Resolves when it listens. */
  static start(fleet: string, env: Record<string, string> = {}): Promise<ManagerProcess> {
    return ManagerProcess.of(spawnManager(main, { fleet, env }));
  }

  /** A manager that was just started. Resolves when it listens. */
  static async of(child: ChildProcessByStdio<null, null, Readable>): Promise<ManagerProcess> {
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      lines.push(line);
      const port = /"port":(\d+).*"msg":"listening"/.exec(line)?.[1];
      if (port === undefined) continue;
      const manager = new ManagerProcess(child, { port: Number(port), exited });
      manager.said = `${lines.join("\n")}\n`;
      child.stderr.on("data", (chunk: Buffer) => (manager.said += chunk));
      child.stderr.resume();
      return manager;
    }
    throw new Error(`the manager ended before it listened: ${lines.join("\n")}`);
  }

  /** Starts one and kills it by -9 so long afterwards, however far it has come. */
  static async killAtBoot(fleet: string, afterMs: number): Promise<void> {
    const child = spawnManager(main, { fleet });
    child.stderr.resume();
    const exited = once(child, "exit");
    await delay(afterMs);
    child.kill("SIGKILL");
    await exited;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the manager did not start");
    return this.#child.pid;
  }

  /** By which signal it ended, if by one. */
  get endedBy(): NodeJS.Signals | null {
    return this.#child.signalCode;
  }

  kill(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }
}

/** Starts a manager by its main file: the TypeScript, or the JavaScript that is made of it. */
export function spawnManager(file: string, options: SpawnOptions): ChildProcessByStdio<null, null, Readable> {
  return spawn(process.execPath, [file], {
    env: { ...process.env, XDG_STATE_HOME: stateHome(), MCPM_PORT: "0", MCPM_FLEET: options.fleet, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
}
