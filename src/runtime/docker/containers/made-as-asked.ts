import type Docker from "dockerode";
import { normalPath } from "../../../base/text/normal-path.ts";
import type { Protection } from "../../protections.ts";
import { boxWeaknesses, type Openings } from "./box-weaknesses.ts";

type Asked = Docker.ContainerCreateOptions;
type Made = Docker.ContainerInspectInfo;

/** Limits that a container was made without, or with a larger one than was asked for. */
export function limitsMissing(asked: Docker.HostConfig, made: Docker.HostConfig): Protection[] {
  const atMost = (wish: number | undefined, is: number | undefined) =>
    is !== undefined && is > 0 && is <= (wish ?? Number.POSITIVE_INFINITY);
  const missing: Protection[] = [];
  if (!atMost(asked.Memory, made.Memory)) missing.push("memory");
  if (!atMost(asked.MemorySwap, made.MemorySwap)) missing.push("swap");
  if (!atMost(asked.NanoCpus, made.NanoCpus)) missing.push("cpus");
  if (!atMost(asked.PidsLimit, made.PidsLimit)) missing.push("pids");
  return missing;
}

/** The ways in which a container's sandbox is weaker than was asked for, each as the end of "its container …". */
export function weakerThanAsked(
  { spec, asked }: { readonly spec: Openings; readonly asked: Asked },
  made: Made,
): string[] {
  return [...boxWeaknesses(spec, made), ...mountWeaknesses(asked, made), ...userWeakness(asked, made)];
}

/** Other changes by the engine, which are not about safety but which the manager can't work with. */
export function changes(asked: Asked, made: Made): string[] {
  const wish = asked.HostConfig ?? {};
  const host = made.HostConfig;
  const pairs: [string, unknown, unknown][] = [
    ["Init", wish.Init, host.Init],
    ["RestartPolicy", wish.RestartPolicy?.Name, host.RestartPolicy?.Name],
    ["LogConfig", wish.LogConfig?.Type, host.LogConfig?.Type],
    ["OpenStdin", asked.OpenStdin, made.Config.OpenStdin],
    ["StdinOnce", asked.StdinOnce, made.Config.StdinOnce],
    ["Tty", asked.Tty, made.Config.Tty],
  ];
  return pairs.filter(([, wanted, is]) => wanted !== undefined && wanted !== is).map(([name]) => name);
}

function* userWeakness(asked: Asked, made: Made): Generator<string> {
  if (asked.User && made.Config.User !== asked.User) yield `runs as the user ${JSON.stringify(made.Config.User)}`;
}

/** Each mount that was asked for is there, no more writable than asked, and no other folder of the host is. */
function* mountWeaknesses(asked: Asked, made: Made): Generator<string> {
  const wishes = new Map((asked.HostConfig?.Mounts ?? []).map((mount) => [normalPath(mount.Target), mount]));
  const mounts = new Map((made.Mounts ?? []).map((mount) => [normalPath(mount.Destination), mount]));
  const tmpfs = new Map(Object.entries(tmpfsOf(made.HostConfig)).map(([at, options]) => [normalPath(at), options]));
  for (const [target, wish] of wishes) {
    const problem = mountWeakness(wish, { mount: mounts.get(target), isTmpfs: tmpfs.has(target) });
    if (problem !== undefined) yield `${problem} at ${target}`;
  }
  for (const [target, { Type: type }] of mounts) {
    if (type === "bind" && !wishes.has(target)) yield `has a folder of the host at ${target}`;
  }
  for (const [target, options] of Object.entries(tmpfsOf(asked.HostConfig ?? {}))) {
    const lacks = missingOptions(options, tmpfs.get(normalPath(target)));
    if (lacks.length > 0) yield `has no tmpfs at ${target} as it should be (${lacks.join(", ")})`;
  }
}

function mountWeakness(
  wish: Docker.MountSettings,
  { mount, isTmpfs }: { readonly mount: NonNullable<Made["Mounts"]>[number] | undefined; readonly isTmpfs: boolean },
): string | undefined {
  const isThere = mount === undefined ? wish.Type === "tmpfs" && isTmpfs : mount.Type === wish.Type;
  if (!isThere) return "lacks the mount";
  if (wish.ReadOnly && mount?.RW) return "may write to the mount";
  // Docker Desktop shows where its virtual machine has the folder: /host_mnt/Users/….
  return wish.Type === "bind" && !mount?.Source.endsWith(wish.Source) ? "has another folder" : undefined;
}

/** `rw` and the mode are no restrictions. */
function missingOptions(asked: string, has: string | undefined): string[] {
  if (has === undefined) return ["everything"];
  const wanted = asked.split(",").filter((option) => /^(?:no|size=)/.test(option));
  return wanted.filter((option) => !has.split(",").includes(option));
}

function tmpfsOf(host: Docker.HostConfig): Record<string, string> {
  const { Tmpfs: tmpfs } = host as { readonly Tmpfs?: Record<string, string> | null };
  return tmpfs ?? {};
}
