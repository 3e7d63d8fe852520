import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const nobody = 65_534;

// Only root can become somebody who may not use the engine.
const cannotTell = process.getuid?.() !== 0 || !existsSync("/var/run/docker.sock");

describe.skipIf(cannotTell)("A user who may not use the engine", () => {
  it.each(["engine", "manager/stop", "clean"])(
    "is told so by scripts/%s, which does not take it for missing",
    (script) => {
      const { status, stderr } = spawnSync(`scripts/${script}`, {
        cwd: root,
        uid: nobody,
        gid: nobody,
        env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
        encoding: "utf8",
      });
      expect(stderr).toContain("Error: This user may not use the Docker engine at /var/run/docker.sock");
      expect(status).toBe(1);
    },
  );
});
