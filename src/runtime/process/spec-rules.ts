import { stat } from "node:fs/promises";
import { type FieldViolation, invalidRequest } from "../../base/errors/errors.ts";
import type { LimitsSpec, ServerSpec } from "../../base/spec/spec.ts";

type Rule = (spec: ServerSpec) => readonly FieldViolation[] | Promise<readonly FieldViolation[]>;

const notHere = "needs a container: leave it unset, or use MCPM_RUNTIME=docker";

/** A process does it like a container, or the manager does it for both. */
const holds: Rule = () => [];

/** For each field, what a plain process can't do. A field without a rule does not compile: it would be ignored. */
const rules = {
  // Not looked at: the schema wants one, and the command runs.
  image: holds,
  command: commandViolations,
  args: holds,
  env: holds,
  mounts: ({ mounts = [] }) => {
    const description = "needs a container: a process sees this machine's files as they are, by their own paths";
    return mounts.map((_mount, index) => ({ field: `spec.mounts[${index}]`, description }));
  },
  limits: unsupportedLimits,
  network: ({ network }) =>
    refusedIf(network !== undefined, "network", `${notHere}; a process has this machine's network`),
  user: ({ user }) => refusedIf(user !== undefined, "user", `${notHere}; a process is the manager's user`),
  readOnlyRoot: ({ readOnlyRoot }) => refusedIf(readOnlyRoot !== undefined, "read_only_root", notHere),
  capAdd: ({ capAdd = [] }) => capAdd.map((_cap, index) => ({ field: `spec.cap_add[${index}]`, description: notHere })),
  // NEVER and IF_MISSING hold by themselves.
  pullPolicy: ({ pullPolicy }) =>
    refusedIf(pullPolicy === "always", "pull_policy", `${notHere}; a process has no image to pull`),
  workingDir: folderViolations,
  era: holds,
  restart: holds,
  handshakeTimeoutMs: holds,
  callTimeoutMs: holds,
  // They change nothing of how a server runs, and the manager shows them.
  labels: holds,
  health: holds,
  idleTimeoutMs: holds,
  replicas: holds,
  callLimits: holds,
  init: ({ init }) => refusedIf(init !== undefined, "init", notHere),
  secrets: holds,
  secretFiles: ({ secretFiles = {} }) => {
    const description = "needs a container: use secrets, or MCPM_RUNTIME=docker";
    const field = (path: string) => `spec.secret_files[${JSON.stringify(path)}]`;
    return Object.keys(secretFiles).map((path) => ({ field: field(path), description }));
  },
} satisfies Record<keyof ServerSpec, Rule>;

const limitNames = { cpus: "cpus", memoryBytes: "memory_bytes", pids: "pids" } satisfies Record<
  keyof LimitsSpec,
  string
>;

/**
 * Throws `invalid` with one violation for each field that a plain process can't do. Nothing is ignored: a spec that
 * asks for a read-only root and gets a writable one has been lied to.
 */
export async function checkSpec(spec: ServerSpec): Promise<void> {
  const violations: FieldViolation[] = [];
  for (const rule of Object.values<Rule>(rules)) violations.push(...(await rule(spec)));
  if (violations.length > 0) throw invalidRequest(violations);
}

function commandViolations({ command = [] }: ServerSpec): FieldViolation[] {
  const field = "spec.command";
  if (command.length === 0) {
    const description = "must be set: with MCPM_RUNTIME=process a command of this machine runs, not an image";
    return [{ field, description }];
  }
  return command[0] === "" ? [{ field: `${field}[0]`, description: "must name a program" }] : [];
}

function unsupportedLimits({ limits = {} }: ServerSpec): FieldViolation[] {
  return Object.entries(limitNames)
    .filter(([key]) => limits[key as keyof LimitsSpec] !== undefined)
    .map(([, name]) => ({ field: `spec.limits.${name}`, description: notHere }));
}

async function folderViolations({ workingDir }: ServerSpec): Promise<FieldViolation[]> {
  if (workingDir === undefined || (await isFolder(workingDir))) return [];
  return [{ field: "spec.working_dir", description: `"${workingDir}" is not a folder on this machine` }];
}

function refusedIf(isAsked: boolean, field: string, description: string): FieldViolation[] {
  return isAsked ? [{ field: `spec.${field}`, description }] : [];
}

async function isFolder(path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => undefined);
  return entry?.isDirectory() ?? false;
}
