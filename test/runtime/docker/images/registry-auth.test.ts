import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Log, silentLog } from "../../../../src/base/log/log.ts";
import { registryAuth } from "../../../../src/runtime/docker/images/registry-auth.ts";

describe("registryAuth", () => {
  let configDir = "";
  beforeAll(async () => {
    configDir = await mkdtemp(path.join(tmpdir(), "mcpm-docker-config-"));
  });
  afterAll(() => rm(configDir, { recursive: true, force: true }));
  afterEach(() => vi.unstubAllEnvs());

  const config = (content: unknown) =>
    writeFile(path.join(configDir, "config.json"), typeof content === "string" ? content : JSON.stringify(content));
  const authFor = (image: string, log: Log = silentLog) => registryAuth(image, { configDir, log });
  const base64 = (text: string) => Buffer.from(text).toString("base64");

  /** A program on the PATH in the manner of docker's credential helpers. */
  async function installHelper(name: string, script: string): Promise<void> {
    const file = path.join(configDir, `docker-credential-${name}`);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    vi.stubEnv("PATH", `${configDir}:${process.env.PATH}`);
  }

  test("reads what docker login wrote, colons in the password included", async () => {
    await config({ auths: { "ghcr.io": { auth: base64("me:se:cret") } } });
    expect(await authFor("ghcr.io/a/b")).toEqual({ username: "me", password: "se:cret", serveraddress: "ghcr.io" });
    expect(await authFor("quay.io/a/b")).toBeUndefined();
  });

  test("asks the registry's credential helper, else the store", async () => {
    await installHelper("mine", `read r; echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"s-$r\\"}"`);
    await config({ credsStore: "none", credHelpers: { "ghcr.io": "mine" } });
    expect(await authFor("ghcr.io/a")).toEqual({ username: "u", password: "s-ghcr.io", serveraddress: "ghcr.io" });
  });

  test("takes a helper's token for an identity token", async () => {
    await installHelper("token", `echo '{"Username":"<token>","Secret":"t"}'`);
    await config({ credsStore: "token" });
    expect(await authFor("ghcr.io/a")).toEqual({ identitytoken: "t", serveraddress: "ghcr.io" });
  });

  test("pulls without credentials when the helper knows none", async () => {
    await installHelper("empty", "exit 1");
    await config({ credsStore: "empty" });
    expect(await authFor("ghcr.io/a")).toBeUndefined();
  });

  test.each([
    ["the file is not JSON", "{"],
    ["the helper is not installed", { credsStore: "surely-not-installed" }],
    ["the helper's name is a path", { credsStore: "../../bin/sh" }],
  ])("says so and pulls without credentials when %s", async (_what, content) => {
    const warn = vi.fn();
    await config(content);
    expect(await authFor("ghcr.io/a", { ...silentLog, warn })).toBeUndefined();
    expect(warn).toHaveBeenCalledOnce();
  });

  test("pulls without credentials, silently, when there is no config", async () => {
    const warn = vi.fn();
    const log = { ...silentLog, warn };
    expect(await registryAuth("a/b", { configDir: path.join(configDir, "none"), log })).toBeUndefined();
    expect(await registryAuth("a/b", { configDir: undefined, log })).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  });
});
