import { lstat } from "node:fs/promises";
import path from "node:path";
import { bindNotAllowed } from "./bind-not-allowed.ts";

const groupOrOthersWrite = 0o022;
const sticky = 0o1000;

/**
 * Throws `denied` when somebody but root and the manager's own user could put a link in the place of a part of the
 * path, from the root down: the engine walks the path once more, some time after the manager has looked at it. An ACL's
 * write right is in the bits of the group.
 */
export async function checkBindPath(
  source: string,
  options: { readonly root: string; readonly field: string; readonly uid: number },
): Promise<void> {
  const { root, field, uid } = options;
  const trusted = new Set([0, uid]);
  const names = path.relative(root, source).split(path.sep);
  let folder = root;
  for (const name of source === root ? [] : names) {
    const entry = path.join(folder, name);
    const found = await lstat(folder);
    const keepsEntries = (found.mode & sticky) !== 0 && trusted.has((await lstat(entry)).uid);
    const open = (found.mode & groupOrOthersWrite) !== 0 && !keepsEntries;
    if (!found.isDirectory() || !trusted.has(found.uid) || open) {
      const who = trusted.has(found.uid) ? "others than its owner" : `user ${found.uid}`;
      const description = `"${folder}" can be written by ${who}, who could put a link in the place of "${entry}" while it is mounted: make it root's own, with no write access for group and others, or have the operator name "${source}" itself in MCPM_BIND_ROOTS`;
      throw bindNotAllowed({ field, description });
    }
    folder = entry;
  }
}
