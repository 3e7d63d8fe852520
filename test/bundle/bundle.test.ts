import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerProcess, spawnManager } from "../e2e/manager-process.ts";
import { errorInfo, failureOf, hostileProcessSpec, randomName, textOf } from "../e2e/test-manager.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
let manager: ManagerProcess;
beforeAll(async () => {
  // Outside of the checkout, where there are no packages.
  folder = await mkdtemp(path.join(tmpdir(), "mcpm-bundle-"));
  await promisify(execFile)(process.execPath, ["scripts/bundle.ts", folder], { cwd: root });
  const env = { MCPM_RUNTIME: "process", DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const file = path.join(folder, "main.mjs");
  manager = await ManagerProcess.of(spawnManager(file, { fleet: randomName(), env }));
}, 60_000);
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("The bundle, which the image runs", () => {
  it("calls a tool, and checks arguments in the thread that is a file of its own", async () => {
    const schema = { type: "object", properties: { text: { type: "string" } } };
    const spec = hostileProcessSpec("--schema", JSON.stringify(schema));
    await manager.client.start({ name: "h", spec });
    const call = (value: object) =>
      manager.client.callTool({
        server: "h",
        tool: "echo",
        input: { case: "argumentsJson", value: JSON.stringify(value) },
        validateArguments: true,
      });
    expect(textOf(await call({ text: "abc" }))).toBe("abc");
    expect(errorInfo(await failureOf(call({ text: 7 })))).toMatchObject({
      code: Code.InvalidArgument,
      reason: "ARGUMENTS_REJECTED",
    });
  });

  it("gives the OpenAPI document, which it reads when somebody asks", async () => {
    const response = await fetch(`http://127.0.0.1:${manager.port}/openapi.json`);
    expect(await response.json()).toMatchObject({ openapi: "3.1.0" });
  });

  it("has the licenses of the packages that are in it, and of no others", async () => {
    const licenses = await readFile(path.join(folder, "licenses.txt"), "utf8");
    expect(licenses).toMatch(/^zod \d\S+: MIT$/m);
    expect(licenses).toMatch(/^@connectrpc\/connect \d\S+: Apache-2.0$/m);
    expect(licenses).not.toMatch(/^vitest /m);
    expect((await readdir(folder)).filter((file) => !/\.(?:mjs|txt)$/.test(file))).toEqual([]);
  });
});
