import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const tooOld = "client version 1.41 is too old. Minimum supported API version is 1.44";

describe("With a docker command that is too old for the engine", () => {
  let folder: string;
  let engine: Server;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "old-docker-"));
    writeFileSync(join(folder, "docker"), `#!/bin/sh\necho "Error response from daemon: ${tooOld}" >&2\nexit 1\n`);
    chmodSync(join(folder, "docker"), 0o755);
    engine = createServer(({ url }, answer) => answer.writeHead(url === "/_ping" ? 200 : 404).end("OK"));
  });
  afterEach(() => {
    engine.close();
    rmSync(folder, { recursive: true });
  });

  /** Resolves with what a script prints and says, or rejects when it ends otherwise than with 0. */
  function run(name: string, host: string): Promise<{ stdout: string; stderr: string }> {
    const script = fileURLToPath(new URL(`../../../scripts/${name}`, import.meta.url));
    const env = { ...process.env, DOCKER_HOST: host, PATH: `${folder}:${process.env.PATH}` };
    return new Promise((resolve, reject) => {
      execFile(script, { env }, (error, stdout, stderr) => (error ? reject(error) : resolve({ stdout, stderr })));
    });
  }

  async function listen(where: string | number): Promise<void> {
    await new Promise<void>((resolve) =>
      typeof where === "string" ? engine.listen(where, resolve) : engine.listen(where, "127.0.0.1", resolve),
    );
  }

  it("finds the engine at a socket all the same", async () => {
    await listen(join(folder, "docker.sock"));
    const host = `unix://${folder}/docker.sock`;
    expect(await run("docker/find-engine", host)).toEqual({ stdout: `${host}\n`, stderr: "" });
  });

  it("finds the engine at a port all the same", async () => {
    await listen(0);
    const host = `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    expect(await run("docker/find-engine", host)).toEqual({ stdout: `${host}\n`, stderr: "" });
  });

  it("passes on what the docker command says, instead of starting another engine", async () => {
    await listen(join(folder, "docker.sock"));
    await expect(run("engine", `unix://${folder}/docker.sock`)).rejects.toThrow(tooOld);
  });

  it("finds no engine where nothing listens", async () => {
    await expect(run("docker/find-engine", `unix://${folder}/docker.sock`)).rejects.toThrow("failed");
  });
});
