import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { runtimes } from "../../src/app/runtimes.ts";
import { silentLog } from "../../src/base/log/log.ts";
import { readConfig, usage } from "../../src/config/config.ts";
import { type RuntimeKind, runtimeCapabilities } from "../../src/runtime/capabilities.ts";

const kinds = Object.keys(runtimeCapabilities) as RuntimeKind[];
const parts = { log: silentLog, now: () => 0, newId: () => "id", ownPlaces: () => [] };

describe("A runtime made by its kind's factory", () => {
  it.each(kinds)("is of that kind, and says what was known of it before: %s", async (kind) => {
    const config = readConfig({ env: { MCPM_RUNTIME: kind, DOCKER_HOST: "unix:///nowhere/docker.sock" }, args: [] });
    await using runtime = runtimes[config.runtime.kind](config, parts);
    expect(runtime.kind).toBe(kind);
    expect(runtime.capabilities).toBe(runtimeCapabilities[kind]);
  });

  it.each(kinds)("keeps the contract, and users are told of it: %s", async (kind) => {
    const tests = await readdir(new URL(`../runtime/${kind}/`, import.meta.url));
    expect(tests.filter((name) => /^contract\.(?:engine\.)?test\.ts$/.test(name))).toHaveLength(1);
    expect(usage()).toMatch(new RegExp(`MCPM_RUNTIME\n.*\\b${kind}\\b`));
    const operations = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
    expect(operations).toMatch(new RegExp(`^\\| \`MCPM_RUNTIME\` .*\`${kind}\``, "m"));
  });

  it("is one of those that the setting allows", () => {
    expect(() => readConfig({ env: { MCPM_RUNTIME: "no-such" }, args: [] })).toThrow(`must be ${kinds.join(" or ")}`);
  });
});
