import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
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
      const open = `is open to others (mode ${(mode & 0o777).toString(8)})`;
      throw new FolderProblem(path, `${open}${(await isShared(path, mode)) ? ownPlace(path) : `: chmod 700 ${path}`}`);
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
   * What a file of this folder holds. Undefined: there is none, or, as the log then says, it is longer than `maxBytes`,
   * is no file (a link, a pipe, a device), or can't be read.
   */
  async read(name: string, { maxBytes }: { readonly maxBytes: number }): Promise<Buffer | undefined> {
    try {
      await using file = await open(join(this.path, name), readOnly);
      const found = await file.stat();
      if (!found.isFile()) this.#ignored(name, "it is no regular file");
      else {
        const content = found.size > maxBytes ? undefined : await beginningOf(file, maxBytes + 1);
        if (content !== undefined && content.length <= maxBytes) return content;
        this.#ignored(name, `it has ${content?.length ?? found.size} bytes, and at most ${maxBytes} are read`);
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT") this.#ignored(name, code === "ELOOP" ? "it is a link" : message);
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
    const found = await lstat(join(this.path, name)).catch(() => undefined);
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

/** No link is followed, and no pipe waited for. */
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** At most so many bytes, whatever the file says of its size. */
async function beginningOf(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  const parts: Buffer[] = [];
  for (let left = maxBytes; left > 0; ) {
    // One byte more than it should have shows the end in one read.
    const part = Buffer.allocUnsafe(Math.min(left, size + 1));
    const { bytesRead } = await file.read(part, 0, part.length);
    if (bytesRead === 0) break;
    parts.push(part.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return Buffer.concat(parts);
}

/** What keeps from writing, and may pass. */
const passing: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"]);

/** Of files that are not written whole yet. */
const halfSuffix = ".half";

/** Whether others keep something there, so that to close it would do harm. */
async function isShared(path: string, mode: number): Promise<boolean> {
  if ((mode & stickyBit) !== 0) return true;
  const entries = await readdir(path, { withFileTypes: true });
  return entries.some((entry) => entry.isDirectory() && !ownFolders.has(entry.name));
}

const stickyBit = 0o1000;
const ownFolders: ReadonlySet<string> = new Set(["cache", "programs", "listings", "packages"]);

function ownPlace(path: string): string {
  return `, and others have other things in it: choose a folder of the manager's own, such as ${join(path, "mcp-docker-manager")}`;
}

/** Not by mkdir's `recursive`, which never ends where the parent is there and takes nothing, as /proc. */
async function made(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A full disk may have space again: what can be done without the folder need not wait for it.
    if (passing.has(code)) throw error;
    const found = await stat(path).catch(() => undefined);
    const isLink = found === undefined && (await lstat(path).catch(() => undefined))?.isSymbolicLink();
    if (isLink) throw new FolderProblem(path, "is a link to nothing");
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
