import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../../scripts/docker/compose", import.meta.url));

describe("With version 1 of docker-compose and no plugin", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "compose-"));
    command("docker-compose", 'if [ "$*" = "version --short" ]; then echo 1.29.2; else echo "ran $*"; fi');
    // No package brings another one.
    command("apt-cache", "exit 0");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function command(name: string, program: string): void {
    writeFileSync(join(folder, name), `#!/bin/sh\n${program}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  /** What is printed with an engine of this API; throws with what is said when the script fails. */
  function compose(api: string): string {
    command("docker", `if [ "$1" = version ]; then echo ${api}; else exit 1; fi`);
    const env = { ...process.env, DOCKER_HOST: "unix:///nowhere", PATH: `${folder}:${process.env.PATH}` };
    return execFileSync(script, ["ps", "--quiet"], { env, encoding: "utf8", stdio: "pipe" });
  }

  it("runs it with the engines that it works with", () => {
    expect(compose("1.41")).toBe("ran ps --quiet\n");
    expect(compose("1.43")).toBe("ran ps --quiet\n");
  });

  it("refuses newer engines in a sentence that says what to install", () => {
    expect(() => compose("1.44")).toThrow(
      "Error: docker-compose 1.29.2 does not work with this Docker engine (API 1.44): install the plugin of Compose 2",
    );
  });
});
