import canonicalize from "canonicalize";
import type { Era, ServerSpec } from "../../spec.ts";
import { serverNameSchema } from "../../spec-schema.ts";
import { storedSpec } from "../../stored-spec.ts";
import type { CreateRequest } from "../runtime.ts";

const managedBy = "mcp-docker-manager";

export const label = {
  managedBy: "managed-by",
  fleet: "mcpm.fleet",
  server: "mcpm.server",
  instance: "mcpm.instance",
  /** Which copy of the server; the first has none. */
  replica: "mcpm.replica",
  /** `auto`: to be found out at each handshake. */
  era: "mcpm.era",
  /** Id of the container whose place this one takes. */
  replaces: "mcpm.replaces",
  spec: "mcpm.spec",
} as const;

export type Labels = Readonly<Record<string, string>>;

/** The two labels that make a container or a volume ours. Everything is listed, adopted and removed by both. */
export function ownerLabels(fleet: string): Record<string, string> {
  return { [label.managedBy]: managedBy, [label.fleet]: fleet };
}

/** The same two as a filter of the engine's lists and events. */
export function ownerFilter(fleet: string): string[] {
  return Object.entries(ownerLabels(fleet)).map(([name, value]) => `${name}=${value}`);
}

export function isOwned(labels: Labels | null | undefined, fleet: string): boolean {
  return labels?.[label.managedBy] === managedBy && labels[label.fleet] === fleet;
}

/**
 * All labels of a container: the user's, then ours over them. Labels can't be changed later, and events and
 * `docker ps` show them: env values stay out (lifecycle.md, "In the engine").
 */
export function containerLabels(request: CreateRequest, fleet: string): Record<string, string> {
  const { server, instance, replica, spec, era, replaces } = request;
  return {
    ...spec.labels,
    ...ownerLabels(fleet),
    [label.server]: server,
    [label.instance]: instance,
    ...(replica === 0 ? {} : { [label.replica]: String(replica) }),
    [label.era]: era ?? "auto",
    ...(replaces === undefined ? {} : { [label.replaces]: replaces }),
    [label.spec]: specLabel(spec),
  };
}

/** Undefined: to be found out. */
export function eraOf(labels: Labels): Era | undefined {
  const era = labels[label.era];
  return era === "legacy" || era === "modern" ? era : undefined;
}

export function replicaOf(labels: Labels): number {
  return Number(labels[label.replica] ?? 0);
}

/** The user's spec as canonical JSON, env values blank. The schema bounds its size. */
export function specLabel(spec: ServerSpec): string {
  const { env, ...rest } = spec;
  const blank = env && Object.fromEntries(Object.keys(env).map((key) => [key, ""]));
  return canonicalize(blank === undefined ? rest : { ...rest, env: blank }) ?? "{}";
}

/** The spec of a container from its label and its env (`KEY=value` entries). Throws when the label is not ours. */
export function readSpec(labels: Labels, containerEnv: readonly string[]): ServerSpec {
  const text = labels[label.spec];
  if (text === undefined) throw new Error(`the label ${label.spec} is missing`);
  const spec = storedSpec(JSON.parse(text), `the label ${label.spec}`);
  const { success } = serverNameSchema.safeParse(labels[label.server]);
  if (!success) throw new Error(`the label ${label.server} is not a server's name`);
  if (spec.env === undefined) return spec;
  const values = new Map(containerEnv.map(splitEntry));
  const env: [string, string][] = Object.keys(spec.env).map((key) => {
    const value = values.get(key);
    if (value === undefined) throw new Error(`the container has no environment variable ${key}`);
    return [key, value];
  });
  return { ...spec, env: Object.fromEntries(env) };
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}
