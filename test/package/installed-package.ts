import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the README has a user install besides. */
const besides = ["@connectrpc/connect", "@connectrpc/connect-node"];

/** The package as `npm pack` makes it, installed by npm in a folder of its own, outside of the checkout. */
export class InstalledPackage implements AsyncDisposable {
  /** The files in the package. */
  readonly files: readonly string[];
  readonly #folder: string;

  private constructor(folder: string, files: readonly string[]) {
    this.#folder = folder;
    this.files = files;
  }

  static async install(): Promise<InstalledPackage> {
    await using opened = new AsyncDisposableStack();
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-package-")));
    opened.defer(() => rm(folder, { recursive: true }));
    const packing = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
    const { filename, files } = packed(packing.stdout);
    const app = path.join(folder, "app");
    await mkdir(app);
    await writeFile(path.join(app, "package.json"), '{"private": true, "type": "module"}');
    const { dependencies } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
    const packages = [path.join(folder, filename), ...besides.map((name) => `${name}@${dependencies[name]}`)];
    // From npm's cache, as far as that goes.
    const quietly = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...quietly, ...packages], { cwd: app });
    opened.move();
    return new InstalledPackage(folder, files);
  }

  get #app(): string {
    return path.join(this.#folder, "app");
  }

  /** The command, as npm links it. */
  get command(): string {
    return path.join(this.#app, "node_modules/.bin/mcp-docker-manager");
  }

  startManager(env: Record<string, string>): ChildProcessByStdio<null, null, Readable> {
    return spawn(this.command, { cwd: this.#app, env, stdio: ["ignore", "ignore", "pipe"] });
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(path.join(this.#app, file), text);
  }

  /** Runs a program in the folder and gives what it prints; throws when it fails, with that. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(program, args, { cwd: this.#app }).catch((error) => {
      throw new Error(`${error.message}\n${error.stdout}`);
    });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

/** npm prints one package in a list. */
function packed(json: string): { filename: string; files: string[] } {
  const [{ filename, files }] = JSON.parse(json);
  return { filename, files: files.map((file: { path: string }) => file.path) };
}
