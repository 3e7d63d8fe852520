import type Docker from "dockerode";
import { describe, expect, test } from "vitest";
import { containerOptions } from "../../../../src/runtime/docker/containers/container-options.ts";
import { changes, limitsMissing, weakerThanAsked } from "../../../../src/runtime/docker/containers/made-as-asked.ts";

const mounts = [
  { Type: "bind", Source: "/srv/x", Target: "/data/", ReadOnly: true },
  { Type: "volume", Source: "v", Target: "/v", ReadOnly: false },
  { Type: "tmpfs", Target: "/scratch" },
] as unknown as Docker.MountSettings[];
const spec = { image: "a", user: "1000:1000", capAdd: ["CHOWN"] };
const asked = containerOptions(spec, { labels: {}, mounts });
const created = { spec, asked };

interface Change {
  readonly host?: object;
  readonly config?: object;
  readonly mounts?: readonly object[];
}

const madeMounts = [
  { Type: "bind", Source: "/srv/x", Destination: "/data", RW: false },
  { Type: "volume", Name: "v", Destination: "/v", RW: true },
  { Type: "tmpfs", Destination: "/scratch", RW: true },
];

/** As Docker answers, with what another engine makes of it. */
function made({ host = {}, config = {}, mounts: list = madeMounts }: Change = {}): Docker.ContainerInspectInfo {
  const { HostConfig, ...rest } = asked;
  return {
    HostConfig: { ...HostConfig, ...host },
    Config: { ...rest, ...config },
    Mounts: list,
  } as unknown as Docker.ContainerInspectInfo;
}

describe("A container that was made", () => {
  test("as it was asked for has nothing to be told of", () => {
    expect(weakerThanAsked(created, made())).toEqual([]);
    expect(limitsMissing(asked.HostConfig ?? {}, made().HostConfig)).toEqual([]);
    expect(changes(asked, made())).toEqual([]);
  });

  test("as Podman words the same has neither", () => {
    const dropped = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
    const host = {
      CapDrop: [...dropped, "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"],
      CapAdd: ["CAP_CHOWN"],
      SecurityOpt: ["no-new-privileges"],
      Mounts: null,
      Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=67108864,mode=1777,rprivate", "/scratch": "rw,nosuid" },
      CgroupnsMode: "",
    };
    expect(weakerThanAsked(created, made({ host, mounts: madeMounts.slice(0, 2) }))).toEqual([]);
  });

  const [bind = {}, volume = {}, tmpfs = {}] = madeMounts;

  test("as Docker Desktop shows its folders has neither", () => {
    const inMachine = { ...bind, Source: "/host_mnt/srv/x" };
    expect(weakerThanAsked(created, made({ mounts: [inMachine, volume, tmpfs] }))).toEqual([]);
  });

  const weaker: [string, Change][] = [
    ["is privileged", { host: { Privileged: true } }],
    ["has a writable root file system", { host: { ReadonlyRootfs: false } }],
    ["has a writable root file system", { host: { ReadonlyRootfs: undefined } }],
    ['has the network "bridge"', { host: { NetworkMode: "bridge" } }],
    ['has the network "host"', { host: { NetworkMode: "host" } }],
    ["has the network undefined", { host: { NetworkMode: undefined } }],
    ["shares a namespace (IpcMode host)", { host: { IpcMode: "host" } }],
    ["shares a namespace (PidMode host)", { host: { PidMode: "host" } }],
    ["shares a namespace (UTSMode host)", { host: { UTSMode: "host" } }],
    ["shares a namespace (UsernsMode host)", { host: { UsernsMode: "host" } }],
    ["shares a namespace (CgroupnsMode host)", { host: { CgroupnsMode: "host" } }],
    ["shares a namespace (PidMode container:abc)", { host: { PidMode: "container:abc" } }],
    ["may gain new privileges", { host: { SecurityOpt: [] } }],
    ["may gain new privileges", { host: { SecurityOpt: null } }],
    ["may gain new privileges", { host: { SecurityOpt: ["no-new-privileges:false"] } }],
    ["is not confined (seccomp=unconfined)", { host: { SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] } }],
    ["has the engine's default capabilities", { host: { CapDrop: [] } }],
    ["has the engine's default capabilities", { host: { CapDrop: ["CAP_CHOWN"] } }],
    ["has the capabilities SYS_ADMIN", { host: { CapAdd: ["CAP_CHOWN", "CAP_SYS_ADMIN"] } }],
    ["has the capabilities ALL", { host: { CapAdd: ["ALL"] } }],
    ["has devices, groups or volumes of others", { host: { Devices: [{ PathOnHost: "/dev/kvm" }] } }],
    ['runs as the user ""', { config: { User: "" } }],
    ["lacks the mount at /data", { mounts: [volume, tmpfs] }],
    ["lacks the mount at /v", { mounts: [bind, tmpfs] }],
    ["lacks the mount at /scratch", { mounts: [bind, volume] }],
    ["lacks the mount at /data", { mounts: [{ ...bind, Type: "volume" }, volume, tmpfs] }],
    ["may write to the mount at /data", { mounts: [{ ...bind, RW: true }, volume, tmpfs] }],
    ["has another folder at /data", { mounts: [{ ...bind, Source: "/etc" }, volume, tmpfs] }],
    [
      "has a folder of the host at /host",
      { mounts: [...madeMounts, { Type: "bind", Source: "/", Destination: "/host", RW: true }] },
    ],
    ["has no tmpfs at /tmp as it should be (everything)", { host: { Tmpfs: null } }],
    [
      "has no tmpfs at /tmp as it should be (noexec, size=67108864)",
      { host: { Tmpfs: { "/tmp": "rw,nosuid,nodev,mode=1777" } } },
    ],
  ];
  test.each(weaker)("%s: that is told", (weakness, change) => {
    expect(weakerThanAsked(created, made(change))).toEqual([weakness]);
  });

  test("with the network that it was asked for is not weaker, whatever the engine calls it", () => {
    const spec = { image: "a", network: "bridge" } as const;
    const bridged = containerOptions(spec, { labels: {}, mounts: [] });
    const on = (NetworkMode: string) =>
      weakerThanAsked({ spec, asked: bridged }, {
        HostConfig: { ...bridged.HostConfig, NetworkMode },
        Config: {},
      } as never);
    expect(["bridge", "default", "slirp4netns"].map(on)).toEqual([[], [], []]);
    expect(on("host")).toEqual(['has the network "host"']);
  });

  test.each([
    ["memory", { Memory: 0 }],
    ["memory", { Memory: 2 ** 40 }],
    ["swap", { MemorySwap: -1 }],
    ["swap", { MemorySwap: 2 ** 40 }],
    ["cpus", { NanoCpus: 0 }],
    ["cpus", { NanoCpus: undefined }],
    ["pids", { PidsLimit: null }],
    ["pids", { PidsLimit: -1 }],
    ["pids", { PidsLimit: 4096 }],
  ])("without its limit of %s, or with a larger one, is known to have none", (limit, change) => {
    expect(limitsMissing(asked.HostConfig ?? {}, made({ host: change }).HostConfig)).toEqual([limit]);
  });

  test("otherwise than asked is told of by name", () => {
    const host = { Init: false, RestartPolicy: { Name: "always" }, LogConfig: { Type: "json-file" } };
    const config = { OpenStdin: false, StdinOnce: true, Tty: true };
    const all = ["Init", "RestartPolicy", "LogConfig", "OpenStdin", "StdinOnce", "Tty"];
    expect(changes(asked, made({ host, config }))).toEqual(all);
  });
});
