import { posix } from "node:path";
import { invalidRequest, ManagerError } from "../../../base/errors/errors.ts";
import { secretFolders } from "../../../base/spec/secret-places.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import { ownTmpfs } from "./own-tmpfs.ts";

/** What becomes of the VOLUMEs of images that a spec mounts nothing at. */
export type ImageVolumes = "keep" | "tmpfs" | "refuse";

/** As many as a spec may have mounts. The engine makes a volume, or a tmpfs, for each. */
const maxVolumes = 64;

type Paths = { readonly volumes: readonly string[] };

/** Where the engine mounts a VOLUME. It takes paths that are not absolute, or lead out of the root (`../x`), too. */
export function volumePlace(path: string): string {
  return posix.resolve("/", path);
}

/** The VOLUMEs of an image at which neither the spec nor the manager mounts anything. */
export function leftVolumes(spec: ServerSpec, { volumes }: Paths): string[] {
  const mounted = (spec.mounts ?? []).map(({ target }) => target);
  const given = new Set([...mounted, ...Object.keys(ownTmpfs(spec)), ...secretFolders(spec).keys()]);
  return [...new Set(volumes.map(volumePlace))].filter((place) => !given.has(place));
}

/**
 * Refuses an image of which no container can be made, and, unless its volumes are kept, one with volumes that nothing
 * can be mounted in the place of, or, for `refuse`, that nothing is mounted at. Returns the volumes that are left.
 */
export function checkedVolumes(
  spec: ServerSpec,
  { volumes }: Paths,
  { imageVolumes }: { readonly imageVolumes: ImageVolumes },
): string[] {
  const root = volumes.find((path) => volumePlace(path) === "/");
  if (root !== undefined) throw noImage(`has a VOLUME at ${JSON.stringify(root)}, which would hide all of the image`);
  if (volumes.length > maxVolumes) throw noImage(`has ${volumes.length} VOLUMEs; at most ${maxVolumes} are allowed`);
  const left = leftVolumes(spec, { volumes });
  if (imageVolumes === "keep") return left;
  // The engine does not recognise such a path in a mount's target, so the volume is made in any case.
  const relative = volumes.filter((path) => !path.startsWith("/"));
  if (relative.length > 0) throw refused("spec.image", relative.map(relativeProblem));
  if (imageVolumes === "refuse" && left.length > 0) throw refused("spec.mounts", left.map(leftProblem));
  return left;
}

function relativeProblem(path: string): string {
  const right = JSON.stringify(volumePlace(path));
  return `the image has a VOLUME at ${JSON.stringify(path)}, which has no bound (MCPM_IMAGE_VOLUMES) and, not being an absolute path, can't be replaced by a mount: build the image with VOLUME ${right}`;
}

function leftProblem(path: string): string {
  return `the image has a VOLUME at ${JSON.stringify(path)}, which has no bound (MCPM_IMAGE_VOLUMES): mount a TMPFS there with a size_bytes, or a VOLUME of the fleet`;
}

function refused(field: string, problems: readonly string[]): ManagerError {
  const violations = problems.map((description) => ({ field, description }));
  const [first] = problems;
  return new ManagerError("denied", `${field}: ${first}`, {
    details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent", violations },
  });
}

function noImage(problem: string): ManagerError {
  return invalidRequest([{ field: "spec.image", description: `the image ${problem}` }]);
}
