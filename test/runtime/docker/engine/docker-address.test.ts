import { describe, expect, test } from "vitest";
import { formatDockerAddress, parseDockerHost } from "../../../../src/runtime/docker/engine/docker-address.ts";

describe("parseDockerHost", () => {
  test.each([
    [undefined, { kind: "local", socketPath: "/var/run/docker.sock" }],
    ["", { kind: "local", socketPath: "/var/run/docker.sock" }],
    ["unix://", { kind: "local", socketPath: "/var/run/docker.sock" }],
    ["unix:///run/user/1000/docker.sock", { kind: "local", socketPath: "/run/user/1000/docker.sock" }],
    ["/run/docker.sock", { kind: "local", socketPath: "/run/docker.sock" }],
    ["tcp://build:2375", { kind: "remote", host: "build", port: 2375, tls: false }],
    ["10.0.0.7:4243", { kind: "remote", host: "10.0.0.7", port: 4243, tls: false }],
    ["tcp://[::1]:2375", { kind: "remote", host: "::1", port: 2375, tls: false }],
    ["https://build", { kind: "remote", host: "build", port: 2376, tls: true }],
  ])("reads %s", (text, address) => {
    expect(parseDockerHost(text, false)).toEqual(address);
  });

  test("speaks TLS when there are certificates", () => {
    expect(parseDockerHost("tcp://build", true)).toEqual({ kind: "remote", host: "build", port: 2376, tls: true });
  });

  test.each(["ssh://me@build", "npipe:////./pipe/docker", "tcp://"])("refuses %s by name", (text) => {
    expect(() => parseDockerHost(text, false)).toThrow(
      expect.objectContaining({
        kind: "invalid",
        message: expect.stringContaining("DOCKER_HOST"),
        details: { reason: "BAD_DOCKER_HOST", delivery: "not_sent" },
      }),
    );
  });
});

test("formatDockerAddress writes what people know", () => {
  expect(formatDockerAddress(parseDockerHost(undefined, false))).toBe("unix:///var/run/docker.sock");
  expect(formatDockerAddress(parseDockerHost("build:1", false))).toBe("tcp://build:1");
});
