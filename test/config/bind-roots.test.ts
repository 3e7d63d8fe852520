import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log/log.ts";
import { checkBindRoots, isNosuid } from "../../src/config/bind-roots.ts";
import { ConfigError } from "../../src/config/settings/setting.ts";

describe("checkBindRoots", () => {
  // On the file system of /, as a folder of a container's own image is.
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp("/var/tmp/mcpm-test-");
    await writeFile(join(folder, "file"), "");
  });
  afterAll(() => rm(folder, { recursive: true }));

  const check = (root: string, inContainer = false) => checkBindRoots({ bindRoots: [root], inContainer }, silentLog);

  it("takes folders that exist, and none at all", async () => {
    await check(folder);
    await checkBindRoots({ bindRoots: [], inContainer: true }, silentLog);
  });

  it("names the setting and the path of a root that is not there", async () => {
    await expect(check(join(folder, "missing"))).rejects.toThrow(ConfigError);
    await expect(check(join(folder, "missing"))).rejects.toThrow(
      `MCPM_BIND_ROOTS: ${folder}/missing does not exist: create it, or take it out`,
    );
    await expect(check(join(folder, "file"))).rejects.toThrow(`MCPM_BIND_ROOTS: ${folder}/file is not a folder`);
  });

  it("says in a container that the root must be mounted", async () => {
    const mount = "mount the host's folder into the manager's container at the same path";
    await expect(check(join(folder, "missing"), true)).rejects.toThrow(`missing does not exist: ${mount}`);
  });

  it("refuses in a container a folder of the container's own image, and takes a mount", async () => {
    await expect(check("/", true)).rejects.toThrow("MCPM_BIND_ROOTS: / is the container's own folder: mount");
    await check("/proc", true);
  });

  it("tells of each root that is not on a file system mounted nosuid", async () => {
    const told: unknown[] = [];
    const log = { ...silentLog, warn: (message: string, fields?: object) => told.push([message, fields]) };
    const roots = [folder, "/proc", "/"];
    await checkBindRoots({ bindRoots: roots, inContainer: false }, log);
    const text = expect.stringMatching(/^MCPM_BIND_ROOTS .* not mounted nosuid/);
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    const notNosuid = roots.filter((root) => isNosuid(root, mounts) === false);
    expect(told).toEqual(notNosuid.map((root) => [text, { root }]));
  });
});

describe("isNosuid", () => {
  const mountinfo = [
    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw",
    "22 21 0:5 / /srv rw,nosuid,nodev - ext4 /dev/sdb rw",
    "23 22 0:6 / /srv/a\\040b rw,relatime - ext4 /dev/sdc rw",
    "24 22 0:7 / /srv/twice rw,relatime - ext4 /dev/sdd rw",
    "25 24 0:8 / /srv/twice rw,nosuid - ext4 /dev/sde rw",
    "",
  ].join("\n");

  it.each([
    ["/", false],
    ["/srvx", false],
    ["/srv", true],
    ["/srv/x/y", true],
    ["/srv/a b/c", false],
    ["/srv/twice/x", true],
  ])("goes by the mount that %s is on", (path, nosuid) => {
    expect(isNosuid(path, mountinfo)).toBe(nosuid);
  });

  it("knows nothing without a list", () => expect(isNosuid("/srv", "")).toBeUndefined());
});
