import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import Docker from "dockerode";
import { testEngine, testImage } from "./test-fleet.ts";

export type Controller = "cpu" | "memory" | "pids";

export interface PrivateEngineOptions {
  /** A disk of its own of so many MiB, which can be filled. Default: a folder of this machine's. */
  readonly diskMiB?: number;
  /** Controllers of cgroup v1 that it does not see. Default: it has what this machine has. */
  readonly without?: readonly Controller[];
}

const guard = fileURLToPath(new URL("engine-guard.ts", import.meta.url));
/** Where the daemon and its tools are, which a user's PATH may lack. */
const systemFolders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
const searchPath = [...(process.env.PATH ?? "").split(":"), ...systemFolders];
const env = { ...process.env, PATH: searchPath.join(":") };

/** Why this machine can't run one; undefined: it can. */
const missing =
  process.getuid?.() !== 0
    ? "a Docker engine of one's own needs root"
    : ["dockerd", "unshare"].every((tool) => searchPath.some((folder) => existsSync(path.join(folder, tool))))
      ? undefined
      : "there is no dockerd, or no unshare, on this machine";

export const canRunEngine = missing === undefined;

/** Whether each controller of cgroup v1 is mounted by itself, so that one can be hidden from an engine. */
export const canHideControllers =
  canRunEngine && ["cpu", "memory", "pids"].every((name) => existsSync(`/sys/fs/cgroup/${name}/tasks`));

/** A title that says what is not tested here, and why. */
export function onPrivateEngine(title: string): string {
  return canRunEngine ? title : `${title} (NOT TESTED HERE: ${missing})`;
}

/** A Docker engine of the test's own, with the test image, to be stopped, killed and frozen. Leaves nothing behind. */
export class PrivateEngine implements AsyncDisposable {
  readonly docker: Docker;
  readonly #folder: string;
  readonly #guard: ChildProcess;
  readonly #without: readonly Controller[];
  #daemon: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, { without = [] }: PrivateEngineOptions) {
    this.#folder = folder;
    this.#without = without;
    this.#guard = spawn(process.execPath, [guard, folder], { stdio: ["pipe", "inherit", "inherit"], detached: true });
    this.docker = new Docker({ socketPath: this.socketPath });
  }

  static async start(options: PrivateEngineOptions = {}): Promise<PrivateEngine> {
    const { diskMiB } = options;
    const engine = new PrivateEngine(await mkdtemp(path.join(tmpdir(), "mcpm-engine-")), options);
    try {
      if (diskMiB !== undefined) await engine.#mountDisk(diskMiB);
      await engine.start();
      const loading = await engine.docker.loadImage(await testEngine().getImage(testImage).get());
      for await (const _ of loading);
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  get socketPath(): string {
    return path.join(this.#folder, "sock");
  }

  /** As DOCKER_HOST. */
  get host(): string {
    return `unix://${this.socketPath}`;
  }

  get dataRoot(): string {
    return path.join(this.#folder, "data");
  }

  /**
   * Starts it, again if it ran before, perhaps with other controllers. Resolves when it answers. With live-restore
   * containers outlive it.
   */
  async start({ liveRestore = false, without = this.#without } = {}): Promise<void> {
    const folder = this.#folder;
    const paths = ["--data-root", this.dataRoot, "--exec-root", `${folder}/exec`, "--pidfile", `${folder}/pid`];
    const apart = ["-H", this.host, "--bridge=none", "--iptables=false", "--ip-forward=false"];
    const flags = liveRestore ? ["--live-restore"] : [];
    // In a network of its own: with --bridge=none a daemon removes the bridge of this machine's engine.
    const daemon = spawn("unshare", ["--net", ...hiding(without), "dockerd", ...paths, ...apart, ...flags], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#daemon = daemon;
    this.#exited = new Promise((resolve) => daemon.once("close", resolve));
    const said: string[] = [];
    for await (const line of createInterface({ input: daemon.stderr })) {
      said.push(line);
      if (!line.includes("API listen on")) continue;
      daemon.stderr.resume();
      return;
    }
    throw new Error(`the engine did not start: ${said.slice(-5).join("\n")}`);
  }

  /** As a service manager stops it. */
  async stop(): Promise<void> {
    this.#daemon?.kill("SIGTERM");
    await this.#exited;
  }

  /** By -9. Its containerd goes with it; containers live on, for the next start to decide about. */
  async kill(): Promise<void> {
    const pidFile = path.join(this.#folder, "exec/containerd/containerd.pid");
    const pid = await readFile(pidFile, "utf8");
    this.#daemon?.kill("SIGKILL");
    await this.#exited;
    while (/\) [^ZX]/.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""))) await delay(10);
    // Where process 1 reaps late, a zombie's would be taken for that of a containerd that lives.
    await rm(pidFile);
  }

  /** Until it is thawed nothing goes through it. */
  async freeze(): Promise<void> {
    this.#daemon?.kill("SIGSTOP");
    // One thread has to run to take the signal, and until it does the others go on.
    while (!isStopped(this.#daemon?.pid)) await new Promise((resolve) => setImmediate(resolve));
  }

  thaw(): void {
    this.#daemon?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.stop();
    const cleaned = new Promise((resolve) => this.#guard.once("exit", resolve));
    this.#guard.stdin?.end();
    if ((await cleaned) !== 0) throw new Error(`what was in ${this.#folder} could not be removed`);
  }

  async #mountDisk(sizeMiB: number): Promise<void> {
    const image = path.join(this.#folder, "disk");
    await mkdir(this.dataRoot);
    execFileSync("truncate", ["--size", `${sizeMiB}M`, image]);
    execFileSync("mkfs.ext4", ["-q", "-m", "0", image], { env });
    execFileSync("mount", ["-o", "loop", image, this.dataRoot]);
  }
}

/** Words of `unshare` that unmount controllers in a mount namespace of its own, or do nothing. */
function hiding(controllers: readonly Controller[]): string[] {
  if (controllers.length === 0) return ["--"];
  const folders = controllers.map((name) => `/sys/fs/cgroup/${name}`);
  return ["--mount", "--", "sh", "-c", `umount ${folders.join(" ")} && exec "$@"`, "sh"];
}

/** Whether each thread of a process is stopped, or there is none. */
function isStopped(pid: number | undefined): boolean {
  if (pid === undefined) return true;
  const threads = readdirSync(`/proc/${pid}/task`);
  const states = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"));
  return states.every((stat) => /^T/.test(stat.slice(stat.lastIndexOf(")") + 2)));
}
