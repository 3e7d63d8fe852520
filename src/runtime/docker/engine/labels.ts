import canonicalize from "canonicalize";
import { digestsFrom, digestsText, SecretValues } from "../../../base/spec/secret-values.ts";
import type { Era, ServerSpec } from "../../../base/spec/spec.ts";
import { serverNameSchema } from "../../../base/spec/spec-schema.ts";
import { storedSpec } from "../../../base/spec/stored-spec.ts";
import type { CreateRequest } from "../../runtime.ts";
import { isContainerId } from "./container-id.ts";

const managedBy = "mcp-docker-manager";

export const label = {
  managedBy: "managed-by",
  fleet: "mcpm.fleet",
  server: "mcpm.server",
  instance: "mcpm.instance",
  /** The instance's number in its server; "0", or none in older containers, is the first. */
  replica: "mcpm.replica",
  /** `auto`: to be found out at each handshake. */
  era: "mcpm.era",
  /** Id of the container whose place this one takes. */
  replaces: "mcpm.replaces",
  spec: "mcpm.spec",
  /** Keyed digests of the values of secrets in the environment. */
  secrets: "mcpm.secrets",
  /** Who owns its files of secrets, `uid:gid`; nothing where it has none. */
  fileOwner: "mcpm.file-owner",
} as const;

/** What names of locks begin with. No server's volume may be called so. */
export const lockPrefix = "mcpm-owner.";

/** What stands in front of the name of a label that a spec asks for. */
const userPrefix = "mcpm.label.";

export type Labels = Readonly<Record<string, string>>;

/** The two labels by which the fleet's containers and volumes are listed. Whether one is ours, `own-labels.ts` says. */
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

export interface LabelContext {
  readonly fleet: string;
  /** What the container's image says in labels of its own. */
  readonly imageLabels: Labels;
  /**
   * Names of labels that the operator lets a spec give as they are; one that ends in `*` stands for all that begin so.
   */
  readonly allowLabels: readonly string[];
}

/**
 * All labels of a container. A container has its image's labels, too, where it has none of that name: each of ours is
 * set, if only to nothing, or the image could say it, and what else the image says is blank, or programs that obey
 * labels would obey an image. Labels can't be changed later, and events and `docker ps` show them: env values stay out
 * (docs/internals/state.md).
 */
export function containerLabels(request: CreateRequest, context: LabelContext): Record<string, string> {
  const { server, instance, replica, spec, era, replaces, secrets } = request;
  const { fleet, imageLabels, allowLabels } = context;
  return {
    ...blank(imageLabels),
    ...usersLabels(spec.labels ?? {}, allowLabels),
    ...ownerLabels(fleet),
    [label.server]: server,
    [label.instance]: instance,
    [label.replica]: String(replica),
    [label.era]: era ?? "auto",
    [label.replaces]: replaces ?? "",
    [label.spec]: specLabel(spec),
    [label.secrets]: secrets === undefined ? "" : digestsText(secrets),
    [label.fileOwner]: "",
  };
}

/** What describes an image to people (OCI image spec, annotations), and what no program obeys, may stay. */
const describing = /^org\.(?:opencontainers\.image|label-schema)\./;

function blank(imageLabels: Labels): Record<string, string> {
  const names = Object.keys(imageLabels).filter((name) => !describing.test(name));
  return Object.fromEntries(names.map((name) => [name, ""]));
}

/** Programs beside the manager obey labels (proxies, updaters, Compose): a spec's go out under a prefix of ours. */
function usersLabels(labels: Labels, allowed: readonly string[]): Record<string, string> {
  const isAllowed = (name: string) =>
    allowed.some((entry) => (entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry));
  const shown = (name: string) => (isAllowed(name) ? name : `${userPrefix}${name}`);
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [shown(name), value]));
}

/** Undefined: to be found out. */
export function eraOf(labels: Labels): Era | undefined {
  const era = labels[label.era];
  return era === "legacy" || era === "modern" ? era : undefined;
}

/** Undefined when the label is not a number that an instance can have. */
export function replicaOf(labels: Labels): number | undefined {
  const text = labels[label.replica] || "0";
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

/** Id of the container whose place this one takes; undefined where none stands. */
export function replacesOf(labels: Labels): string | undefined {
  const id = labels[label.replaces] ?? "";
  return isContainerId(id) ? id : undefined;
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

/** What a container was given of the secrets that its spec names: digests from its label, values from its env. */
export function readSecrets(
  { secrets }: ServerSpec,
  { labels, containerEnv }: { readonly labels: Labels; readonly containerEnv: readonly string[] },
): SecretValues | undefined {
  if (secrets === undefined) return undefined;
  const env = Object.fromEntries(containerEnv.map(splitEntry).filter(([name]) => Object.hasOwn(secrets, name)));
  return new SecretValues({ env, digests: digestsFrom(labels[label.secrets]) });
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}
