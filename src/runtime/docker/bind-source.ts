import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { type FieldViolation, invalidRequest, ManagerError } from "../../errors.ts";

/**
 * The real path of a bind mount's source, proven to be at or below one of the roots: the resolved path is what the
 * engine gets, so that a symbolic link can't lead out. `field` is the source's path in the request, for errors.
 */
export async function resolveBindSource(
  source: string,
  options: { readonly field: string; readonly roots: readonly string[] },
): Promise<string> {
  const { field, roots } = options;
  if (!path.isAbsolute(source)) throw invalidRequest([{ field, description: "must be an absolute path" }]);
  if (roots.length === 0) {
    throw bindNotAllowed({ field, description: "bind mounts are off: the operator has set no MCPM_BIND_ROOTS" });
  }
  const realRoots = await resolveRoots(roots);
  const outside = { field, description: `"${source}" is not below one of the folders in MCPM_BIND_ROOTS` };
  const real = await realpath(source).catch((error: NodeJS.ErrnoException) => {
    // Whether a path outside the roots exists is nobody's business.
    const isInside = [...roots, ...realRoots].some((root) => isWithin(path.resolve(source), root));
    throw isInside ? unusable(error, { field, source }) : bindNotAllowed(outside);
  });
  if (!realRoots.some((root) => isWithin(real, root))) throw bindNotAllowed(outside);
  const entry = await stat(real);
  if (!entry.isDirectory() && !entry.isFile()) {
    // A socket (the engine's own, say) would be a way out of the sandbox.
    throw bindNotAllowed({ field, description: `"${source}" is neither a folder nor a regular file` });
  }
  return real;
}

export function bindNotAllowed(violation: FieldViolation): ManagerError {
  return new ManagerError("denied", `${violation.field}: ${violation.description}`, {
    details: { reason: "BIND_NOT_ALLOWED", delivery: "not_sent", violations: [violation] },
  });
}

/** Whether `candidate` is `folder` or below it, by path segments: /database is not below /data. */
export function isWithin(candidate: string, folder: string): boolean {
  const relative = path.relative(folder, candidate);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
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
