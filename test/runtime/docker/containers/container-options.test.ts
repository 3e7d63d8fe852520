import { describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { containerOptions } from "../../../../src/runtime/docker/containers/container-options.ts";

function optionsOf(spec: ServerSpec) {
  return containerOptions(spec, { labels: { a: "b" }, mounts: [] });
}

function hostConfigOf(spec: ServerSpec) {
  return { ...optionsOf(spec).HostConfig };
}

describe("containerOptions", () => {
  test("closes everything by default", () => {
    const host = hostConfigOf({ image: "a" });
    expect(host).toMatchObject({
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      CapAdd: [],
      SecurityOpt: ["no-new-privileges=true"],
      Privileged: false,
      IpcMode: "private",
      CgroupnsMode: "private",
      NanoCpus: 1e9,
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      PidsLimit: 256,
      RestartPolicy: { Name: "no" },
      Init: true,
      LogConfig: { Type: "local", Config: { "max-size": "10m", "max-file": "3" } },
    });
    expect(host.Tmpfs).toEqual({ "/tmp": "rw,noexec,nosuid,nodev,size=67108864,mode=1777" });
  });

  test("never asks for devices, host namespaces, binds or other containers' volumes", () => {
    const host = hostConfigOf({ image: "a", capAdd: ["NET_ADMIN"], network: "bridge", readOnlyRoot: false });
    for (const key of ["Devices", "DeviceRequests", "PidMode", "UTSMode", "UsernsMode", "Binds", "VolumesFrom"]) {
      expect(host).not.toHaveProperty(key);
    }
  });

  test("limits no CPUs that nobody named where the engine refuses such containers", () => {
    const cpusOf = (spec: ServerSpec) =>
      containerOptions(spec, { labels: {}, mounts: [], refusesCpus: true }).HostConfig?.NanoCpus;
    expect(cpusOf({ image: "a" })).toBeUndefined();
    expect(cpusOf({ image: "a", limits: { cpus: 0.5 } })).toBe(5e8);
  });

  test("keeps stdin open over detaching, without a terminal", () => {
    expect(optionsOf({ image: "a" })).toMatchObject({
      OpenStdin: true,
      StdinOnce: false,
      Tty: false,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
  });

  test("leaves to the image what the spec leaves open", () => {
    const options = optionsOf({ image: "a", command: [], args: [] });
    for (const key of ["Entrypoint", "Cmd", "WorkingDir", "User"]) expect(options).not.toHaveProperty(key);
    expect(options.Env).toEqual([]);
  });

  test("takes from the spec what it says", () => {
    const spec: ServerSpec = {
      image: "a",
      command: ["node"],
      args: ["x.js"],
      env: { A: "1", B: "x=y" },
      workingDir: "/srv",
      user: "1000:1000",
      limits: { cpus: 0.25, memoryBytes: 64 * 1024 * 1024, pids: 20 },
      network: "bridge",
      capAdd: ["CHOWN"],
    };
    expect(optionsOf(spec)).toMatchObject({
      Image: "a",
      Entrypoint: ["node"],
      Cmd: ["x.js"],
      Env: ["A=1", "B=x=y"],
      WorkingDir: "/srv",
      User: "1000:1000",
      Labels: { a: "b" },
      HostConfig: {
        NanoCpus: 250_000_000,
        Memory: 64 * 1024 * 1024,
        MemorySwap: 64 * 1024 * 1024,
        PidsLimit: 20,
        NetworkMode: "bridge",
        CapAdd: ["CHOWN"],
      },
    });
  });

  test("puts no tmpfs on /tmp when the root is writable or the spec mounts something there", () => {
    expect(hostConfigOf({ image: "a", readOnlyRoot: false })).not.toHaveProperty("Tmpfs");
    expect(hostConfigOf({ image: "a", mounts: [{ type: "volume", target: "/tmp" }] })).not.toHaveProperty("Tmpfs");
    expect(hostConfigOf({ image: "a", mounts: [{ type: "volume", target: "/tmp/x" }] })).toHaveProperty("Tmpfs");
  });
});
