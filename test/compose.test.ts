import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { usage } from "../src/config/config.ts";

const compose = readFileSync(new URL("../docker-compose.yml", import.meta.url), "utf8");

describe("docker-compose.yml", () => {
  it("passes every setting on, but for the image's own", () => {
    const passed = [...compose.matchAll(/^ {6}(MCPM_[A-Z_]+):/gm)].map(([, name]) => name);
    const settings = new Set(usage().match(/MCPM_[A-Z_]+/g));
    settings.delete("MCPM_IN_CONTAINER");
    expect(passed.toSorted()).toEqual([...settings].toSorted());
  });

  it("bounds the manager's memory, processes and log", () => {
    for (const bound of ["mem_limit", "memswap_limit", "pids_limit", "max-size", "max-file"]) {
      expect(compose).toMatch(new RegExp(`^ +${bound}: \\S`, "m"));
    }
  });

  it("lets the manager, which reads secrets, leave no core file", () => {
    expect(compose).toMatch(/^ {4}ulimits:\n {6}core: 0$/m);
    expect(readFileSync(new URL("../Dockerfile", import.meta.url), "utf8")).toContain("ulimit -c 0");
  });

  it("publishes on loopback only, and does not take the manager for a server", () => {
    expect([...compose.matchAll(/^ {6}- "(.*):8080"$/gm)].map(([, address]) => address)).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
      "127.0.0.1:${MCPM_PORT:-8080}",
    ]);
    expect(compose).not.toContain("managed-by:");
    expect(compose).not.toContain("container_name");
  });
});
