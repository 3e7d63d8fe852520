import { stat } from "node:fs/promises";
import { type FieldViolation, invalidRequest } from "../../errors.ts";
import type { ServerSpec } from "../../spec.ts";

const notHere = "needs a container: leave it unset, or use MCPM_RUNTIME=docker";

/**
 * Throws `invalid` with one violation for each field that a plain process can't do. Nothing is ignored: who asks for a
 * read-only root and gets a writable one has been lied to. `image` alone is not looked at; the schema wants one.
 */
export async function checkSpec(spec: ServerSpec): Promise<void> {
  const violations = [...commandViolations(spec), ...containerOnly(spec)];
  if (spec.workingDir !== undefined && !(await isFolder(spec.workingDir))) {
    const description = `"${spec.workingDir}" is not a folder on this machine`;
    violations.push({ field: "spec.working_dir", description });
  }
  if (violations.length > 0) throw invalidRequest(violations);
}

function* commandViolations({ command = [] }: ServerSpec): Generator<FieldViolation> {
  const field = "spec.command";
  if (command.length === 0) {
    const description = "must be set: with MCPM_RUNTIME=process a command of this machine runs, not an image";
    yield { field, description };
  } else if (command[0] === "") {
    yield { field: `${field}[0]`, description: "must name a program" };
  }
}

function* containerOnly(spec: ServerSpec): Generator<FieldViolation> {
  for (const index of (spec.mounts ?? []).keys()) {
    const description = "needs a container: a process sees this machine's files as they are, by their own paths";
    yield { field: `spec.mounts[${index}]`, description };
  }
  const { cpus, memoryBytes, pids } = spec.limits ?? {};
  if (cpus !== undefined) yield { field: "spec.limits.cpus", description: notHere };
  if (memoryBytes !== undefined) yield { field: "spec.limits.memory_bytes", description: notHere };
  if (pids !== undefined) yield { field: "spec.limits.pids", description: notHere };
  if (spec.network !== undefined) {
    yield { field: "spec.network", description: `${notHere}; a process has this machine's network` };
  }
  if (spec.user !== undefined) {
    yield { field: "spec.user", description: `${notHere}; a process is the manager's user` };
  }
  if (spec.readOnlyRoot !== undefined) yield { field: "spec.read_only_root", description: notHere };
  for (const index of (spec.capAdd ?? []).keys()) yield { field: `spec.cap_add[${index}]`, description: notHere };
  // NEVER and IF_MISSING hold by themselves.
  if (spec.pullPolicy === "always") {
    yield { field: "spec.pull_policy", description: `${notHere}; a process has no image to pull` };
  }
}

async function isFolder(path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => undefined);
  return entry?.isDirectory() ?? false;
}
