import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { type FoundContainer, reasonToLeaveAlone } from "../../../../src/runtime/docker/containers/adoptable.ts";

const host = {
  NetworkMode: "none",
  CapDrop: ["ALL"],
  CapAdd: [],
  SecurityOpt: ["no-new-privileges:true"],
  ReadonlyRootfs: true,
  IpcMode: "private",
  CgroupnsMode: "private",
  PidMode: "",
  PortBindings: null,
  Privileged: false,
  MaskedPaths: ["/proc/kcore"],
};
const bind = { Type: "bind", Source: "/srv/a", Destination: "/data", RW: false };
const mounted: ServerSpec = { image: "a", mounts: [{ type: "bind", source: "/srv/a", target: "/data" }] };

const writing = {
  mounts: [{ ...bind, RW: true }],
  spec: { image: "a", mounts: [{ type: "bind", source: "/srv/a", target: "/data", writable: true }] },
} satisfies { mounts: readonly object[]; spec: ServerSpec };

interface Change {
  readonly host?: object;
  readonly networks?: object;
  readonly mounts?: readonly object[];
  readonly user?: string;
  readonly spec?: ServerSpec;
  readonly imageUser?: string;
  readonly isOfImage?: boolean;
}

function weakness(change: Change = {}): string | undefined {
  const info = {
    Config: { User: change.user ?? change.spec?.user ?? "1000:1000" },
    HostConfig: { ...host, ...change.host },
    NetworkSettings: { Networks: change.networks ?? { none: {} } },
    Mounts: change.mounts ?? [],
  } as unknown as Docker.ContainerInspectInfo;
  const found: FoundContainer = {
    info,
    spec: change.spec ?? { image: "a" },
    imageUser: change.imageUser ?? "1000:1000",
    imageVolumes: ["/data/"],
    ownNetwork: "mcp-t.a",
    isOfImage: change.isOfImage ?? true,
    isSecretFolder: (folder) => folder.startsWith("/run/mcpm/t/"),
    isSource: (folder, asked) => folder === asked || folder === `/host_mnt${asked}`,
    bindUsers: ["1000:1000"],
  };
  return reasonToLeaveAlone(found);
}

describe("A container as a manager makes it is not weaker than its spec", () => {
  it.each<[string, Change]>([
    ["without anything", {}],
    [
      "with files of secrets",
      {
        spec: { image: "a", secretFiles: { "/s/a": "x" } },
        mounts: [{ Type: "bind", Source: "/run/mcpm/t/1/0", Destination: "/s", RW: false }],
      },
    ],
    [
      "with the capabilities of its spec",
      { host: { CapAdd: ["NET_RAW", "CAP_CHOWN"] }, spec: { image: "a", capAdd: ["NET_RAW", "CHOWN"] } },
    ],
    ["with fewer", { spec: { image: "a", capAdd: ["NET_RAW"] } }],
    [
      "on the bridge that its spec asks for",
      { host: { NetworkMode: "bridge" }, networks: { bridge: {} }, spec: { image: "a", network: "bridge" } },
    ],
    [
      "on a network of its own",
      { host: { NetworkMode: "mcp-t.a" }, networks: { "mcp-t.a": {} }, spec: { image: "a", network: "bridge" } },
    ],
    ["with the bind of its spec", { mounts: [bind], spec: mounted }],
    ["with that bind as Docker Desktop shows it", { mounts: [{ ...bind, Source: "/host_mnt/srv/a" }], spec: mounted }],
    ["with its image's volume", { mounts: [{ Type: "volume", Name: "e".repeat(64), Destination: "/x", RW: true }] }],
    [
      "with the writable root of its spec",
      { host: { ReadonlyRootfs: false }, spec: { image: "a", readOnlyRoot: false } },
    ],
    ["as its image's user", { user: "node", imageUser: "node" }],
    ["as that user by number, to write to a bind", { user: "1000:1000", imageUser: "node", ...writing }],
    ["with our own /tmp", { host: { Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=67108864,mode=1777" } } }],
    ["with a tmpfs at its image's volume", { host: { Tmpfs: { "/data": "rw,noexec,uid=1000,gid=1000" } } }],
    [
      "with the tmpfs of its spec, whose owner is named",
      {
        host: { Tmpfs: { "/x": "rw,noexec,uid=7,gid=0" } },
        spec: { image: "a", mounts: [{ type: "tmpfs", target: "/x", uid: 7 }] },
      },
    ],
    ["as the root that its image asks for", { user: "", imageUser: "" }],
    ["on an engine that writes no-new-privileges another way", { host: { SecurityOpt: ["no-new-privileges=true"] } }],
  ])("%s", (_what, change) => {
    expect(weakness(change)).toBeUndefined();
  });
});

describe("A container is weaker than its spec", () => {
  it.each<[string, Change]>([
    ["of another image", { isOfImage: false }],
    ["privileged", { host: { Privileged: true } }],
    ["with the host's processes", { host: { PidMode: "host" } }],
    ["with another container's processes", { host: { PidMode: "container:abc" } }],
    ["with the host's IPC", { host: { IpcMode: "host" } }],
    ["with the host's host name", { host: { UTSMode: "host" } }],
    ["with the host's users", { host: { UsernsMode: "host" } }],
    ["with the host's network", { host: { NetworkMode: "host" }, networks: { host: {} } }],
    ["with a bridge that nobody asked for", { host: { NetworkMode: "default" }, networks: { bridge: {} } }],
    [
      "on a network of its own that nobody asked for",
      { host: { NetworkMode: "mcp-t.a" }, networks: { "mcp-t.a": {} } },
    ],
    ["connected to a network later", { networks: { none: {}, web: {} } }],
    [
      "with a network of its own choice",
      { host: { NetworkMode: "web" }, networks: { web: {} }, spec: { image: "a", network: "bridge" } },
    ],
    ["with a published port", { host: { PortBindings: { "80/tcp": [{}] } } }],
    ["with all ports published", { host: { PublishAllPorts: true } }],
    ["with a capability", { host: { CapAdd: ["SYS_ADMIN"] } }],
    ["with all capabilities", { host: { CapAdd: ["ALL"] } }],
    ["with the engine's own capabilities", { host: { CapDrop: null } }],
    ["that may gain privileges", { host: { SecurityOpt: null } }],
    ["without seccomp", { host: { SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] } }],
    ["without AppArmor", { host: { SecurityOpt: ["no-new-privileges", "apparmor:unconfined"] } }],
    ["without SELinux", { host: { SecurityOpt: ["no-new-privileges", "label=disable"] } }],
    ["that sees all of /proc", { host: { MaskedPaths: [] } }],
    ["with a writable root", { host: { ReadonlyRootfs: false } }],
    ["with a device", { host: { Devices: [{ PathOnHost: "/dev/kvm" }] } }],
    ["with more groups", { host: { GroupAdd: ["docker"] } }],
    ["with another container's volumes", { host: { VolumesFrom: ["web"] } }],
    ["with a bind that its spec lacks", { mounts: [bind] }],
    ["with a bind of another folder below the roots", { mounts: [{ ...bind, Source: "/srv/b" }], spec: mounted }],
    ["with a bind of another folder", { mounts: [{ ...bind, Source: "/etc" }], spec: mounted }],
    ["with a bind that is writable", { mounts: [{ ...bind, RW: true }], spec: mounted }],
    ["with another's volume", { mounts: [{ Type: "volume", Name: "db", Destination: "/data", RW: true }] }],
    ["with a tmpfs that nobody asked for", { host: { Tmpfs: { "/x": "noexec" } } }],
    ["with a /tmp to run programs from", { host: { Tmpfs: { "/tmp": "exec" } } }],
    ["with a tmpfs mount that nobody asked for", { mounts: [{ Type: "tmpfs", Destination: "/x", RW: true }] }],
    ["that the engine restarts", { host: { RestartPolicy: { Name: "always" } } }],
    ["that is not ended when it has no memory left", { host: { OomKillDisable: true } }],
    ["as another user", { user: "4242:4242" }],
    ["as a user by number who may not write to binds", { user: "4242:4242", imageUser: "node", ...writing }],
    [
      "as another number than its spec's, to write to a bind",
      { user: "1001:1001", imageUser: "1000:1000", ...writing },
    ],
    ["as root", { user: "0" }],
    ["as root by another name", { user: "root:node" }],
    ["as a user with root's group", { user: "1000:0" }],
    ["as a user of its image's choice", { user: "toor", spec: { image: "a", user: "1000" } }],
  ])("%s", (_what, change) => {
    expect(weakness(change)).toMatch(/^(?:was|is|has|may|shares|sees|runs) /);
  });
});
