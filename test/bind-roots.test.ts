import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkBindRoots } from "../src/bind-roots.ts";
import { ConfigError } from "../src/config.ts";

describe("checkBindRoots", () => {
  // On the file system of /, as a folder of a container's own image is.
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp("/var/tmp/mcpm-test-");
    await writeFile(join(folder, "file"), "");
  });
  afterAll(() => rm(folder, { recursive: true }));

  const check = (root: string, inContainer = false) => checkBindRoots({ bindRoots: [root], inContainer });

  it("takes folders that exist, and none at all", async () => {
    await check(folder);
    await checkBindRoots({ bindRoots: [], inContainer: true });
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
});
