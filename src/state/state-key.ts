import { hkdfSync, randomBytes } from "node:crypto";
import { FolderProblem, type StateFolder } from "./state-folder.ts";

const keyBytes = 32;
const keyFile = "key";
/** Two keys in hexadecimal digits, each on a line. */
const maxFileBytes = 1024;

/** What one use has of the key. */
export interface DerivedKey {
  /** Names the key, and tells nothing of it. */
  readonly id: string;
  readonly key: Buffer;
}

/**
 * The key of a fleet, and the one before it, which is only for comparing. Every use has keys of its own (HKDF), so that
 * none tells anything of another.
 */
export class StateKey {
  /** The current one first. */
  readonly #keys: readonly Buffer[];

  private constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  /**
   * The keys that were given, else those of the folder's file `key`, which is made when it is not there. Without a
   * folder the key lives as long as the manager. Throws `FolderProblem` for a file that is no key: to make another one
   * would hide that the key was lost.
   */
  static async open(folder: StateFolder | undefined, given: readonly Buffer[] = []): Promise<StateKey> {
    if (given.length > 0) return new StateKey(given);
    if (folder === undefined) return new StateKey([randomBytes(keyBytes)]);
    const known = await folder.read(keyFile, { maxBytes: maxFileBytes });
    if (known !== undefined) return new StateKey(keysIn(known.toString(), folder));
    const key = randomBytes(keyBytes);
    await folder.write(keyFile, `${key.toString("hex")}\n`);
    return new StateKey([key]);
  }

  /** Keys for one use, the current one first. */
  derive(use: string): DerivedKey[] {
    return this.#keys.map((key) => ({
      id: derived(key, { use: `${use} id`, bytes: 4 }).toString("hex"),
      key: derived(key, { use, bytes: keyBytes }),
    }));
  }
}

function derived(key: Buffer, { use, bytes }: { readonly use: string; readonly bytes: number }): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `mcp-docker-manager ${use}`, bytes));
}

function keysIn(text: string, folder: StateFolder): Buffer[] {
  const lines = text.trim().split("\n");
  if (lines.length > 2 || !lines.every((line) => /^[0-9a-f]{64}$/.test(line))) {
    const problem = `has a file ${keyFile} that is no key: put the one of a backup in its place, or remove it`;
    throw new FolderProblem(folder.path, problem);
  }
  return lines.map((line) => Buffer.from(line, "hex"));
}
