import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Who may read: the server's user. The manager keeps its own group where it may not give files away. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

const folderMode = 0o700;
const fileMode = 0o400;

/** Makes a folder, and gives it to its owner. Throws what the file system does; EPERM when the manager may not chown. */
export async function giveFolder(path: string, owner: FileOwner): Promise<void> {
  await makeFolder(path);
  await give(path, owner);
}

/** Nothing to do when it is there. Not by mkdir's `recursive`, which never ends below /proc. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: folderMode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

async function give(path: string, { uid, gid }: FileOwner): Promise<void> {
  // To root's manager every group is open; another one keeps its own group, which no mode gives a right.
  await chown(path, uid, process.getuid?.() === 0 ? gid : -1);
}

/**
 * Puts files in the place of those with other contents, each whole or not at all: who has one open goes on reading the
 * old one. A file that has its contents already is left alone.
 */
export async function putFiles(
  folder: string,
  { files, owner }: { readonly files: ReadonlyMap<string, Buffer>; readonly owner: FileOwner },
): Promise<void> {
  await giveFolder(folder, owner);
  for (const [name, content] of files) {
    const path = join(folder, name);
    if ((await readFile(path).catch(() => undefined))?.equals(content)) continue;
    for (const parent of parentsOf(name)) await giveFolder(join(folder, parent), owner);
    const half = join(dirname(path), `.${randomBytes(6).toString("hex")}`);
    try {
      await using file = await open(half, "wx", fileMode);
      await file.writeFile(content);
      await give(half, owner);
      await rename(half, path);
    } catch (error) {
      await rm(half, { force: true });
      throw error;
    }
  }
}

/** `a/b/c` -> `a`, `a/b` */
function parentsOf(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join("/"));
}
