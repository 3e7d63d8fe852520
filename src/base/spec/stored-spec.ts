import type { z } from "zod";
import { normalPath } from "../text/normal-path.ts";
import type { MountSpec, ServerSpec } from "./spec.ts";
import { serverSpecSchema } from "./spec-schema.ts";

/**
 * Problems that mean that this version can't read a spec: another kind of value, an unknown word or an unknown field.
 */
const unreadable: ReadonlySet<string> = new Set([
  "invalid_type",
  "invalid_value",
  "invalid_union",
  "unrecognized_keys",
]);

/**
 * A spec that was accepted once, as it was kept, but for the spelling of its paths: an older manager kept them as they
 * were given, and a Start with the same spec is no other wish. A rule that is tighter now (a bound, a pattern) is one
 * for new specs only: the server runs, and must not be lost to its manager's update. Throws, naming `place`, for what
 * this version can't read: it would run as something else than what was asked for.
 */
export function storedSpec(value: unknown, place: string): ServerSpec {
  const { error } = serverSpecSchema.safeParse(value);
  const problem = error?.issues.find(isUnreadable);
  if (problem !== undefined) {
    throw new Error(`${place} is not a spec: ${[...problem.path, problem.message].join(": ")}`);
  }
  return withNormalPaths(value as ServerSpec);
}

/** What the schema makes of a spec that keeps its rules; this one may not. */
function withNormalPaths(spec: ServerSpec): ServerSpec {
  const { mounts, workingDir } = spec;
  return {
    ...spec,
    ...(mounts === undefined ? {} : { mounts: mounts.map(normalMount) }),
    ...(workingDir === undefined ? {} : { workingDir: normalPath(workingDir) }),
  };
}

function normalMount(mount: MountSpec): MountSpec {
  const { type, source, target } = mount;
  const isPath = type === "bind" && source !== undefined;
  return { ...mount, ...(isPath ? { source: normalPath(source) } : {}), target: normalPath(target) };
}

function isUnreadable({ code }: z.core.$ZodIssue): boolean {
  return unreadable.has(code);
}
