import type Docker from "dockerode";
import type { ServerSpec } from "../../spec.ts";

export interface Sandbox {
  readonly info: Docker.ContainerInspectInfo;
  readonly spec: ServerSpec;
  /** The user that its image names; empty is root. */
  readonly imageUser: string;
  /** Whether it was made from the image that the spec names, by that reference or by an id that the reference has. */
  readonly isOfImage: boolean;
  /** Whether a bind's source is what the spec asks for, or what the operator lets any spec ask for. */
  readonly isAllowedSource: (source: string, asked: string | undefined) => boolean;
}

interface Rule {
  readonly says: string;
  readonly isBroken: (sandbox: Sandbox, host: HostConfig) => boolean;
}

/** @types/dockerode lacks some. */
type HostConfig = Docker.HostConfig & { readonly CgroupnsMode?: string };

/**
 * Why a container is weaker than its spec; undefined: it is not. Labels can be copied: what is taken over must be in the
 * box that its spec describes, whoever made it. Limits are not compared: older managers may have had other defaults.
 */
export function weaknessOf(sandbox: Sandbox): string | undefined {
  return rules.find(({ isBroken }) => isBroken(sandbox, sandbox.info.HostConfig))?.says;
}

const rules: readonly Rule[] = [
  { says: "it was not made from the image of its spec", isBroken: ({ isOfImage }) => !isOfImage },
  { says: "it is privileged", isBroken: (_, { Privileged }) => Privileged === true },
  { says: "it shares a namespace with the host or another container", isBroken: (_, host) => sharesNamespace(host) },
  { says: "it has another network than its spec asks for", isBroken: (sandbox) => !networks(sandbox) },
  { says: "ports of the host lead to it", isBroken: (_, host) => isPublished(host) },
  {
    says: "it has capabilities that its spec does not ask for",
    isBroken: (sandbox, host) => !capabilities(sandbox, host),
  },
  { says: "its processes may gain privileges", isBroken: (_, { SecurityOpt }) => !securityOptions(SecurityOpt ?? []) },
  { says: "parts of /proc and /sys are not masked", isBroken: (_, host) => isEmpty(host.MaskedPaths) },
  {
    says: "its root is writable, unlike its spec's",
    isBroken: ({ spec }, { ReadonlyRootfs }) => spec.readOnlyRoot !== false && ReadonlyRootfs !== true,
  },
  { says: "it has devices", isBroken: (_, host) => hasDevices(host) },
  { says: "it has mounts that its spec does not ask for", isBroken: (sandbox) => !mounts(sandbox) },
  { says: "it runs as another user than its spec asks for", isBroken: (sandbox) => !user(sandbox) },
];

function sharesNamespace({ PidMode, IpcMode, UTSMode, UsernsMode, CgroupnsMode }: HostConfig): boolean {
  return [PidMode, IpcMode, UTSMode, UsernsMode, CgroupnsMode].some((mode) => /^(?:host|container:)/.test(mode ?? ""));
}

/** `default` is the engine's other word for `bridge`. */
function networks({ info, spec }: Sandbox): boolean {
  const allowed = spec.network === "bridge" ? ["none", "bridge", "default"] : ["none"];
  const attached = Object.keys(info.NetworkSettings?.Networks ?? {});
  return [info.HostConfig.NetworkMode ?? "", ...attached].every((name) => allowed.includes(name));
}

function isPublished({ PortBindings, PublishAllPorts }: HostConfig): boolean {
  return PublishAllPorts === true || Object.keys((PortBindings as object | null) ?? {}).length > 0;
}

function capabilities({ spec }: Sandbox, { CapAdd, CapDrop }: HostConfig): boolean {
  const asked = spec.capAdd ?? [];
  const plain = (names: readonly string[] | null | undefined) => (names ?? []).map((name) => name.replace(/^CAP_/, ""));
  return plain(CapAdd).every((name) => asked.includes(name)) && plain(CapDrop).some((name) => /^all$/i.test(name));
}

function securityOptions(options: readonly string[]): boolean {
  const closes = options.some((option) => /^no-new-privileges(?:[:=]true)?$/.test(option));
  return closes && !options.some((option) => /unconfined|disable/.test(option));
}

/** The engine writes none where it masks as it does by default and is not asked. */
function isEmpty(paths: readonly string[] | null | undefined): boolean {
  return Array.isArray(paths) && paths.length === 0;
}

function hasDevices(host: HostConfig): boolean {
  const lists = [host.Devices, host.DeviceRequests, host.DeviceCgroupRules, host.VolumesFrom, host.GroupAdd];
  return lists.some((list) => Array.isArray(list) && list.length > 0);
}

/** A volume without a name of its own came with the image. */
function mounts({ info, spec, isAllowedSource }: Sandbox): boolean {
  return info.Mounts.every((mount) => {
    const { Type: type, Destination: target, RW: writable, Source: source, Name: name = "" } = mount;
    if (type === "tmpfs" || (type === "volume" && /^[0-9a-f]{64}$/.test(name))) return true;
    const asked = spec.mounts?.find((one) => one.type === type && samePlace(one.target, target));
    if (asked === undefined || (writable && asked.writable !== true)) return false;
    return type === "volume" ? asked.source === name : isAllowedSource(source, asked.source);
  });
}

/** The engine writes a target in its shortest form. */
function samePlace(asked: string, target: string): boolean {
  const parts = (text: string) => text.split("/").filter((part) => part !== "" && part !== ".");
  return parts(asked).join("/") === parts(target).join("/");
}

/** Numbers are put for the name of a user, so that its image's groups don't count. */
function user({ info, spec, imageUser }: Sandbox): boolean {
  const asked = spec.user ?? imageUser;
  const { User: actual = "" } = info.Config;
  return actual === asked || /^[1-9]\d*:[1-9]\d*$/.test(actual) || isRoot(asked);
}

function isRoot(name: string): boolean {
  return ["", "0", "root"].includes(name.split(":")[0] ?? "");
}
