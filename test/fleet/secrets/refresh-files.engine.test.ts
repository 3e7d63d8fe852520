import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import { DeclaredSecrets } from "../../../src/secrets/declared-secrets.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { OpenFleet } from "../open-fleet.ts";

it("Fleet.refreshSecretFiles puts new values in place without another container, and leaves what can't be read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "refresh-"));
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  await Promise.all([writeFile(one, "1"), writeFile(two, "1")]);
  const secrets = new DeclaredSecrets({
    secrets: new Map([
      ["one", { kind: "file", path: one }],
      ["two", { kind: "file", path: two }],
    ]),
    env: {},
    keys: [],
    log: silentLog,
  });
  await using opened = new OpenFleet({ secrets });
  await opened.boot();
  const spec = (secret: string) => TestFleet.spec("sdk-v1.mjs", { secretFiles: { "/s/key": secret } });
  const { fleet } = opened;
  for (const name of ["one", "two"]) await fleet.start(name, { spec: spec(name) });
  const fileOf = async (name: string) => {
    const { Mounts } = await opened.containerOf(name).inspect();
    return readFile(join(Mounts.find(({ Destination }) => Destination === "/s")?.Source ?? "", "key"), "utf8");
  };
  const ids = ["one", "two"].map((name) => opened.containerOf(name).id);
  await writeFile(one, "2");
  await rm(two);
  await fleet.refreshSecretFiles();
  expect([await fileOf("one"), await fileOf("two")]).toEqual(["2", "1"]);
  expect(["one", "two"].map((name) => opened.containerOf(name).id)).toEqual(ids);
  expect(opened.warnings.join()).toContain("could not renew the files of secrets of a server");
  await rm(folder, { recursive: true });
});
