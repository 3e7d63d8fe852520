import { describe, expect, test } from "vitest";
import { checkRegistry, registryOf } from "../../../../src/runtime/docker/images/registry.ts";

test.each([
  ["busybox", "https://index.docker.io/v1/"],
  ["mcp/filesystem:latest", "https://index.docker.io/v1/"],
  ["docker.io/library/busybox", "https://index.docker.io/v1/"],
  ["index.docker.io/me/x", "https://index.docker.io/v1/"],
  ["ghcr.io/me/x:1", "ghcr.io"],
  ["localhost:5000/x", "localhost:5000"],
  ["localhost/x", "localhost"],
  ["localhost:5000", "https://index.docker.io/v1/"],
  ["INTRANET/x", "INTRANET"],
])("registryOf finds the registry of %s", (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});

describe("checkRegistry", () => {
  const check = (image: string, registries: readonly string[] = []) => checkRegistry(image, { registries });

  test.each([
    "busybox",
    "me/x:1",
    "localhost:5000",
    "docker.io/me/x",
    "index.docker.io/me/x",
    "ghcr.io/me/x@sha256:0123",
    "GHCR.io/me/x",
    "registry.invalid/x",
    "a.b.xn--p1ai/x",
  ])("lets %s be pulled", (image) => {
    expect(() => check(image)).not.toThrow();
  });

  test.each([
    "localhost/x",
    "localhost:5000/x:1",
    "LOCALHOST/x",
    "Localhost.Localdomain.localhost/x",
    "127.0.0.1/x",
    "127.0.0.1:80/z:1",
    "127.0.0.1:80/z@sha256:0123",
    "127.0.0.1:80/z:1@sha256:0123",
    "127.1/x",
    "127.0.0.1./x",
    "0x7f.1/x",
    "0x7f.0x1/x",
    "127.0x1/x",
    "2130706433:443/x",
    "0:80/x",
    "0177.0.0.1/x",
    "[::1]/x",
    "::1/x",
    "intranet:443/x",
    "INTRANET/x",
    "ghcr.io:443/me/x",
    "docker.io:443/library/x",
    "metadata.google.internal/x",
    "printer.local/x",
    "nas.home.arpa/x",
    "box.localhost/x",
    "a..b/x",
    ".b.example/x",
    "b.example./x",
    "-a.example/x",
    "user@b.example/x",
  ])("refuses %s by its field, and names the setting", (image) => {
    expect(() => check(image)).toThrow(/^spec\.image: images are not pulled from the registry .* MCPM_REGISTRIES/);
  });

  test("lets what is listed be pulled, to the letter but for the case", () => {
    expect(() => check("localhost:5000/x", ["localhost:5000"])).not.toThrow();
    expect(() => check("INTRANET/x", ["intranet"])).not.toThrow();
    expect(() => check("localhost:5001/x", ["localhost:5000"])).toThrow("MCPM_REGISTRIES");
    expect(() => check("localhost/x", ["localhost:5000"])).toThrow("MCPM_REGISTRIES");
    expect(() => check("localhost:5000/x", ["localhost"])).toThrow("MCPM_REGISTRIES");
  });
});
