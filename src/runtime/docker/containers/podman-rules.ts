import { type FieldViolation, invalidRequest } from "../../../base/errors/errors.ts";
import type { MountSpec, ServerSpec } from "../../../base/spec/spec.ts";
import { tmpfsOptions } from "../mounts/own-tmpfs.ts";

/**
 * Where Podman mounts a tmpfs of its own when the root is read-only. It lies over whatever else is mounted there, but
 * for a tmpfs.
 */
const podmanTmpfs = ["/tmp", "/run", "/var/tmp"];

/** Throws `invalid` for what Podman can't do of a spec, and would do in another way without saying so. */
export function checkOnPodman({ mounts = [], readOnlyRoot }: ServerSpec): void {
  const violations = mounts.flatMap((mount, index) => {
    const field = (name: string) => `spec.mounts[${index}].${name}`;
    return [...violationsOf(mount, { field, isReadOnly: readOnlyRoot !== false })];
  });
  if (violations.length > 0) throw invalidRequest(violations);
}

function* violationsOf(
  { type, target, uid, mode }: MountSpec,
  { field, isReadOnly }: { readonly field: (name: string) => string; readonly isReadOnly: boolean },
): Generator<FieldViolation> {
  if (isReadOnly && type !== "tmpfs" && podmanTmpfs.includes(target)) {
    const description = `would be hidden: Podman mounts a tmpfs at ${target} when the root is read-only. Mount it elsewhere, or a TMPFS here`;
    yield { field: field("target"), description };
  }
  if (uid !== undefined) {
    const description = "Podman gives a volume to the container's user, and a tmpfs to root: leave it out";
    yield { field: field("uid"), description };
  }
  if (mode !== undefined && type === "volume") {
    yield { field: field("mode"), description: "Podman sets the mode of a volume itself: leave it out" };
  }
}

/** Podman's own tmpfs besides /tmp, with the bounds that /tmp has: without, programs can be run from them. */
export function boundedOnPodman({ mounts = [], readOnlyRoot }: ServerSpec): Record<string, string> {
  if (readOnlyRoot === false) return {};
  const left = podmanTmpfs.filter((path) => path !== "/tmp" && !mounts.some(({ target }) => target === path));
  return Object.fromEntries(left.map((path) => [path, tmpfsOptions({})]));
}
