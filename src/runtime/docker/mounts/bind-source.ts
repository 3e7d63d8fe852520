import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { invalidRequest, ManagerError } from "../../../base/errors/errors.ts";
import { bindNotAllowed } from "./bind-not-allowed.ts";
import { checkBindPath } from "./bind-path.ts";

/**
 * The real path of a bind mount's source, proven to be at or below one of the roots, and to be out of reach for others
 * than root and `uid`: the resolved path is what the engine gets, so that a symbolic link can't lead out. `field` is
 * the source's path in the request, for errors.
 */
export async function resolveBindSource(
  source: string,
  options: {
    readonly field: string;
    readonly roots: readonly string[];
    readonly uid: number;
    /** The manager's own places, which no server gets, whatever the roots are. */
    readonly ownPlaces: readonly string[];
  },
): Promise<string> {
  const { field, roots, uid, ownPlaces } = options;
  if (!path.isAbsolute(source)) throw invalidRequest([{ field, description: "must be an absolute path" }]);
  if (roots.length === 0) {
    throw bindNotAllowed({ field, description: "bind mounts are off: the operator has set no MCPM_BIND_ROOTS" });
  }
  const realRoots = await resolveRoots(roots);
  const outside = { field, description: `"${source}" is not below one of the folders in MCPM_BIND_ROOTS` };
  const real = await realpath(source).catch((error: NodeJS.ErrnoException) => {
    // The caller must not learn whether a path outside the roots exists.
    const isInside = [...roots, ...realRoots].some((root) => isWithin(path.resolve(source), root));
    throw isInside ? unusable(error, { field, source }) : bindNotAllowed(outside);
  });
  // The innermost: what the operator names is his to keep, whatever is around it.
  const [root] = realRoots.filter((root) => isWithin(real, root)).toSorted((a, b) => b.length - a.length);
  if (root === undefined) throw bindNotAllowed(outside);
  await checkOwnPlaces(real, { field, source, ownPlaces });
  try {
    const entry = await stat(real);
    if (!entry.isDirectory() && !entry.isFile()) {
      // A socket (the engine's own, say) would be a way out of the sandbox.
      throw bindNotAllowed({ field, description: `"${source}" is neither a folder nor a regular file` });
    }
    await checkBindPath(real, { root, field, uid });
  } catch (error) {
    // It was there a moment ago.
    throw error instanceof ManagerError ? error : unusable(error as NodeJS.ErrnoException, { field, source });
  }
  return real;
}

/** Whether `candidate` is `folder` or below it, by path segments: /database is not below /data. */
export function isWithin(candidate: string, folder: string): boolean {
  const relative = path.relative(folder, candidate);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/**
 * Throws `denied` when a source is one of the manager's own places, lies in one or holds one. Which one is not said:
 * the caller must not learn where the operator keeps secrets.
 */
async function checkOwnPlaces(
  real: string,
  {
    field,
    source,
    ownPlaces,
  }: { readonly field: string; readonly source: string; readonly ownPlaces: readonly string[] },
): Promise<void> {
  for (const place of ownPlaces) {
    const own = [place, await realpath(place).catch(() => place)];
    if (!own.some((path) => isWithin(real, path) || isWithin(path, real))) continue;
    const what = "the manager's own: its state, a secret, a key or a socket";
    throw bindNotAllowed({ field, description: `"${source}" is, holds or lies in what is ${what}` });
  }
}

/** A root that does not exist allows nothing. */
async function resolveRoots(roots: readonly string[]): Promise<string[]> {
  const resolved = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  return resolved.filter((root) => root !== undefined);
}

function unusable(error: NodeJS.ErrnoException, where: { readonly field: string; readonly source: string }): Error {
  const { field, source } = where;
  const why = error.code === "ENOENT" ? "does not exist on this machine" : `can't be used (${error.code})`;
  return invalidRequest([{ field, description: `"${source}" ${why}` }]);
}
