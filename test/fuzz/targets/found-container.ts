import assert from "node:assert/strict";
import type Docker from "dockerode";
import fc from "fast-check";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { normalPath } from "../../../src/base/text/normal-path.ts";
import { reasonToLeaveAlone } from "../../../src/runtime/docker/containers/adoptable.ts";
import { networkName } from "../../../src/runtime/docker/containers/container-name.ts";
import { instanceRecord, plainName } from "../../../src/runtime/docker/containers/instance-record.ts";
import { ownLabels } from "../../../src/runtime/docker/containers/own-labels.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { linesOf, recordOf } from "../text-lines.ts";

const fleet = "f";
const id = "b".repeat(64);

const good = {
  name: "/mcp-f.s",
  labels: [
    "managed-by=mcp-docker-manager",
    "mcpm.fleet=f",
    "mcpm.server=s",
    "mcpm.instance=1b",
    'mcpm.spec={"image":"i","env":{"A":""},"mounts":[{"type":"bind","source":"/srv","target":"/data"}]}',
  ],
  host: [
    "NetworkMode=none",
    "CapDrop=ALL",
    "SecurityOpt=no-new-privileges:true",
    "ReadonlyRootfs=true",
    "MaskedPaths=/proc/kcore",
  ],
};
const oddHost = [
  "Privileged=true",
  "ReadonlyRootfs=false",
  "NetworkMode=host",
  "NetworkMode=bridge",
  "NetworkMode=mcp-f.s",
  "PidMode=host",
  "IpcMode=container:x",
  "CapAdd=SYS_ADMIN",
  "CapDrop=",
  "SecurityOpt=seccomp=unconfined",
  "MaskedPaths=",
  "Devices=/dev/kvm",
  "RestartPolicy=always",
  "OomKillDisable=true",
  "Tmpfs=/x,exec",
];
const oddMounts = [
  "bind|/srv|/data|true|",
  "bind|/srv|/data|false|",
  "bind|/etc|/data|false|",
  "volume|/v|/x|true|db",
  "tmpfs||/x|true|",
];
const oddSpecs = [
  '{"image":"i"}',
  '{"image":"i","network":"bridge"}',
  '{"image":"i","readOnlyRoot":false}',
  '{"image":7}',
  "{",
  "null",
];
const oddLabels = [
  ...oddSpecs.map((spec) => `mcpm.spec=${spec}`),
  "mcpm.server=../x",
  "mcpm.replica=99999",
  "mcpm.replaces=x",
  "mcpm.era=x",
];

const some = (base: readonly string[], odd: readonly string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...odd), fc.string()), { maxLength: 2 })
    .map((more) => [...base, ...more].join("\n"));

/**
 * A container that another tool made: its name, labels, its image's labels, env, HostConfig, mounts and user. Nothing
 * throws, and none is taken over whose box is weaker than its spec.
 */
export const foundContainer: FuzzTarget = {
  name: "found-container",
  shape: "fixed",
  cases: fc.tuple(
    fc.oneof(fc.constantFrom(good.name, "/mcp-f.s.next", "/web", ""), fc.string()),
    some(good.labels, oddLabels),
    some([], ["mcpm.instance=1b", "mcpm.replaces=x", "managed-by=mcp-docker-manager"]),
    some(["A=1"], ["A", "=", "A=2=3"]),
    some(good.host, oddHost),
    some([], oddMounts),
    fc.constantFrom("", "0", "root", "1000:1000", "node"),
  ),
  dictionary: ["\n", "=", "|", ",", "true", "host", "unconfined", "mcpm.", '"', "{", "}", "/", "..", ...oddHost],
  check([name = "", labelText = "", imageText = "", envText = "", hostText = "", mountText = "", user = ""]) {
    const labels = recordOf(labelText);
    const own = ownLabels({ name: plainName(name), id, labels, imageLabels: recordOf(imageText) }, fleet);
    if ("stranger" in own) return;
    const info = infoOf({ name, labels, envText, hostText, mountText, user });
    const record = instanceRecord(info, { fleet, own, imageDigest: "" });
    assert.ok(record);
    const { spec } = record;
    if (spec === undefined || record.leaveAlone !== undefined) return;
    const weakness = reasonToLeaveAlone({
      info,
      spec,
      imageUser: "1000:1000",
      imageVolumes: [],
      isOfImage: true,
      isSecretFolder: () => false,
      isSource: (folder, asked) => folder === asked,
      bindUsers: ["1000:1000"],
      ownNetwork: networkName(fleet, own),
    });
    if (weakness === undefined) checkBox(spec, info);
  },
};

const lists = ["CapDrop", "CapAdd", "SecurityOpt", "MaskedPaths", "Devices", "GroupAdd", "VolumesFrom"];
const flags = ["Privileged", "ReadonlyRootfs", "OomKillDisable", "PublishAllPorts"];

function hostOf(text: string): Record<string, unknown> {
  const entries = Object.entries(recordOf(text)).map(([key, value]) => {
    const list = value === "" ? [] : value.split(",");
    if (lists.includes(key)) return [key, list];
    if (flags.includes(key)) return [key, value === "true"];
    if (key === "RestartPolicy") return [key, { Name: value }];
    return key === "Tmpfs" ? [key, { [list[0] ?? ""]: list.slice(1).join() }] : [key, value];
  });
  return Object.fromEntries(entries);
}

function infoOf(found: {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly envText: string;
  readonly hostText: string;
  readonly mountText: string;
  readonly user: string;
}): Docker.ContainerInspectInfo {
  const host = hostOf(found.hostText);
  return {
    Id: id,
    Name: found.name,
    Created: "2026-11-30T00:00:00Z",
    Image: "sha256:i",
    State: { Status: "running", StartedAt: "2026-11-30T00:00:00Z" },
    Config: { Labels: found.labels, Env: linesOf(found.envText, "\n", 1).map(([line]) => line), User: found.user },
    HostConfig: host,
    NetworkSettings: { Networks: { [String(host.NetworkMode ?? "")]: {} } },
    Mounts: linesOf(found.mountText, "|", 5).map(([Type, Source, Destination = "", RW, Name]) => {
      return { Type, Source, Destination, RW: RW === "true", Name };
    }),
  } as unknown as Docker.ContainerInspectInfo;
}

/** What must hold of whatever is taken over, told without the code that decides it. */
function checkBox(spec: ServerSpec, { HostConfig: host, Mounts: mounts, Config }: Docker.ContainerInspectInfo): void {
  assert.ok(!host.Privileged);
  assert.ok(host.ReadonlyRootfs || spec.readOnlyRoot === false);
  assert.ok(
    [host.PidMode, host.IpcMode, host.UTSMode, host.UsernsMode].every((mode) => !/host|container:/.test(mode ?? "")),
  );
  assert.ok(host.NetworkMode === "none" || spec.network === "bridge");
  assert.notEqual(host.NetworkMode, "host");
  assert.deepEqual(
    ((host.CapAdd as string[] | undefined) ?? []).filter((cap) => !spec.capAdd?.includes(cap)),
    [],
  );
  assert.ok(!JSON.stringify(host.SecurityOpt).includes("unconfined"));
  assert.ok(!/^(?:0|root)?$/.test(Config.User));
  for (const { Type, Source, Destination, RW } of mounts.filter(({ Type }) => Type === "bind")) {
    const asked = spec.mounts?.find(({ target }) => target === normalPath(Destination));
    assert.deepEqual([Type, Source], [asked?.type, asked?.source]);
    assert.ok(!RW || asked?.writable);
  }
}
