import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Log } from "../base/log/log.ts";

export interface StateFolderOptions {
  readonly log: Log;
  /** Who the manager is; undefined where that is not known. */
  readonly uid: number | undefined;
}

export interface StateFile {
  readonly name: string;
  readonly bytes: number;
  readonly writtenAtMs: number;
}

/** Why a folder can't be the manager's, and what would be right. The message names the folder. */
export class FolderProblem extends Error {
  constructor(path: string, problem: string) {
    super(`${path} ${problem}`);
  }
}

/**
 * A folder in which the manager alone keeps what it needs beside the engine: nobody else may read or write it. What is
 * written there is whole or not there, whenever the manager dies.
 */
export class StateFolder {
  readonly path: string;
  readonly #options: StateFolderOptions;

  private constructor(path: string, options: StateFolderOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Opens a folder, which is made when it is not there. Throws `FolderProblem`. */
  static async open(path: string, options: StateFolderOptions): Promise<StateFolder> {
    await made(path);
    const { uid } = options;
    const { mode, uid: owner } = await stat(path);
    if (uid !== undefined && owner !== uid) {
      throw new FolderProblem(path, `belongs to user ${owner}, and the manager is user ${uid}: chown ${uid} ${path}`);
    }
    if ((mode & 0o077) !== 0) {
      throw new FolderProblem(path, `is open to others (mode ${(mode & 0o777).toString(8)}): chmod 700 ${path}`);
    }
    const folder = new StateFolder(path, options);
    await folder.#tryToWrite();
    return folder;
  }

  /** Opens a folder in this one. Throws `FolderProblem`. */
  folder(name: string): Promise<StateFolder> {
    return StateFolder.open(join(this.path, name), this.#options);
  }

  /**
   * What a file of this folder holds. Undefined: there is none, or, as the log then says, it is longer than `maxBytes`
   * or can't be read.
   */
  async read(name: string, { maxBytes }: { readonly maxBytes: number }): Promise<Buffer | undefined> {
    try {
      // A link could lead anywhere, and a pipe would be waited for.
      await using file = await open(
        join(this.path, name),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      const found = await file.stat();
      if (!found.isFile()) throw new Error("it is not a regular file");
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(found.size, maxBytes) + 1));
      if (bytesRead <= maxBytes) return buffer.subarray(0, bytesRead);
      this.#ignored(name, `it has ${found.size} bytes, and at most ${maxBytes} are read`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#ignored(name, (error as Error).message);
    }
    return undefined;
  }

  /** Puts a file in the place of the one of this name. Throws what the file system does. */
  async write(name: string, content: string | Buffer): Promise<void> {
    const half = join(this.path, `${name}.${randomBytes(6).toString("hex")}${halfSuffix}`);
    try {
      await using file = await open(half, "wx", 0o600);
      await file.writeFile(content);
      await rename(half, join(this.path, name));
    } catch (error) {
      await rm(half, { force: true });
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true });
  }

  /** Its files, the one that was written last first. Those that a manager died over are removed. */
  async files(): Promise<StateFile[]> {
    const names = await readdir(this.path);
    await Promise.all(names.filter((name) => name.endsWith(halfSuffix)).map((name) => this.remove(name)));
    const whole = names.filter((name) => !name.endsWith(halfSuffix));
    const files = await Promise.all(whole.map((name) => this.#look(name)));
    return files.flatMap((file) => file ?? []).sort((a, b) => b.writtenAtMs - a.writtenAtMs);
  }

  async #look(name: string): Promise<StateFile | undefined> {
    const found = await stat(join(this.path, name)).catch(() => undefined);
    return found?.isFile() ? { name, bytes: found.size, writtenAtMs: found.mtimeMs } : undefined;
  }

  /**
   * A disk that is full now keeps nobody from starting: what can't be written then is told of when it comes to that.
   */
  async #tryToWrite(): Promise<void> {
    try {
      await this.write(".try", "");
      await this.remove(".try");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!passing.has(code)) throw new FolderProblem(this.path, `can't be written to: ${message}`);
    }
  }

  /** One line for each file: a cache that can't be read is begun anew. */
  #ignored(name: string, problem: string): void {
    this.#options.log.warn("ignored a file of the state folder", { file: join(this.path, name), problem });
  }
}

/** What keeps from writing, and may pass. */
const passing: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"]);

/** Of files that are not written whole yet. */
const halfSuffix = ".half";

/** Not by mkdir's `recursive`, which never ends where the parent is there and takes nothing, as /proc. */
async function made(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const found = await stat(path).catch(() => undefined);
    if (code === "ENOTDIR" || found?.isDirectory() === false) {
      throw new FolderProblem(path, "is no folder, or lies below a file");
    }
    if (found === undefined) throw new FolderProblem(path, `can't be made: ${message}`);
  }
}

async function makeOne(path: string): Promise<void> {
  const parent = dirname(path);
  if (parent !== path && (await isMissing(parent))) await makeOne(parent);
  await mkdir(path, { mode: 0o700 });
  // The umask may have taken rights of ours.
  await chmod(path, 0o700);
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
