import type Docker from "dockerode";
import type { ServerSpec } from "../../../base/spec/spec.ts";

/** What a spec may ask for besides the closed box. */
export type Openings = Pick<ServerSpec, "network" | "capAdd" | "readOnlyRoot">;

/** @types/dockerode lacks some. */
type HostConfig = Docker.HostConfig & { readonly CgroupnsMode?: string };

/** The capabilities that an engine gives a container by default; Docker has three more, which Podman's lists lack. */
const givenByDefault = [
  ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE"],
  ["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
].flat();
/** What engines call the network that a spec calls `bridge`. */
const bridges = ["none", "bridge", "default", "podman", "slirp4netns", "pasta"];

/**
 * The ways in which a container's box is less closed than its spec asks for, each as the end of "its container …". A
 * server with `bridge` has a network of its own, or, if an older manager made it, the one that all share.
 */
export function* boxWeaknesses(
  spec: Openings,
  info: Docker.ContainerInspectInfo,
  ownNetwork: string | undefined,
): Generator<string> {
  const host: HostConfig = info.HostConfig;
  if (host.Privileged) yield "is privileged";
  if (spec.readOnlyRoot !== false && !host.ReadonlyRootfs) yield "has a writable root file system";
  yield* networkWeaknesses(spec, info, ownNetwork);
  const { IpcMode, PidMode, UTSMode, UsernsMode, CgroupnsMode } = host;
  for (const [name, mode] of Object.entries({ IpcMode, PidMode, UTSMode, UsernsMode, CgroupnsMode })) {
    if (/^(?:host|container:)/.test(mode ?? "")) yield `shares a namespace (${name} ${mode})`;
  }
  const options: readonly string[] = host.SecurityOpt ?? [];
  if (!options.some((option) => /^no-new-privileges(?:[:=]true)?$/.test(option))) yield "may gain new privileges";
  const open = options.filter((option) => /unconfined|disable/.test(option));
  if (open.length > 0) yield `is not confined (${open.join(", ")})`;
  if (isEmpty(host.MaskedPaths)) yield "sees all of /proc and /sys";
  yield* capabilityWeaknesses(spec, host);
  const more = [host.Devices, host.DeviceRequests, host.DeviceCgroupRules, host.VolumesFrom, host.GroupAdd];
  if (more.some((list) => Array.isArray(list) && list.length > 0)) yield "has devices, groups or volumes of others";
}

function* networkWeaknesses(
  spec: Openings,
  info: Docker.ContainerInspectInfo,
  ownNetwork: string | undefined,
): Generator<string> {
  const { NetworkMode: mode, PublishAllPorts, PortBindings } = info.HostConfig;
  const allowed = spec.network === "bridge" ? [...bridges, ownNetwork] : ["none"];
  const attached = Object.keys(info.NetworkSettings?.Networks ?? {});
  for (const name of new Set([mode, ...attached])) {
    if (!allowed.includes(name ?? "")) yield `has the network ${JSON.stringify(name)}`;
  }
  const isPublished = PublishAllPorts || Object.keys((PortBindings as object | null) ?? {}).length > 0;
  if (isPublished) yield "has published ports";
}

function* capabilityWeaknesses({ capAdd = [] }: Openings, host: HostConfig): Generator<string> {
  const dropped = capabilities(host.CapDrop);
  // Docker lists `ALL`; Podman names what its default has, less what was asked for.
  const isKept = (name: string) => !dropped.includes(name) && !capAdd.includes(name);
  const dropsAll = dropped.includes("ALL") || !givenByDefault.some(isKept);
  if (!dropsAll) yield "has the engine's default capabilities";
  const added = capabilities(host.CapAdd).filter((name) => !capAdd.includes(name));
  if (added.length > 0) yield `has the capabilities ${added.join(", ")}`;
}

function capabilities(list: unknown): string[] {
  return Array.isArray(list) ? list.map((name) => String(name).toUpperCase().replace(/^CAP_/, "")) : [];
}

/** The engine leaves the list out where it masks the default paths. */
function isEmpty(paths: readonly string[] | null | undefined): boolean {
  return Array.isArray(paths) && paths.length === 0;
}
