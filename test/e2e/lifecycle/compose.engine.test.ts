import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { ManagerProcess } from "../manager-process.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const runFile = promisify(execFile);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Without Docker Compose, `make test` says that these are skipped.
describe.skipIf(process.env.MCPM_TEST_WITHOUT_COMPOSE)("The manager in a container, by make start", () => {
  const engine = new TestFleet();
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let url: string;
  let said: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mcpm test $x-"));
    await writeFile(join(folder, "hello.txt"), "hello from the host");
    await runFile("chmod", ["-R", "a+rX", folder]);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    env = {
      ...process.env,
      COMPOSE_PROJECT_NAME: `mcpm-test-${randomBytes(4).toString("hex")}`,
      MCPM_FLEET: engine.fleet,
      MCPM_PORT: String(port),
      MCPM_BIND_ROOTS: folder,
    };
    said = (await make("start")).stderr;
  });
  afterAll(async () => {
    await make("stop");
    await make("clean");
    await engine[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const make = (target: string, more: NodeJS.ProcessEnv = {}) =>
    runFile("make", [target], { cwd: root, env: { ...env, ...more } });

  async function post(path: string, body: object) {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as { server: { instances: { containerId: string }[] } };
  }

  const read = () => post("/servers/files/call", { tool: "read_text_file", arguments: { path: "/data/hello.txt" } });

  const containerOf = (received: Awaited<ReturnType<typeof post>>) => received.server.instances[0]?.containerId;

  async function managers() {
    const containers = await engine.docker.listContainers({ filters: { label: [`mcpm.manager=${engine.fleet}`] } });
    return Promise.all(containers.map(({ Id }) => engine.docker.getContainer(Id).inspect()));
  }

  it("serves a folder of the host; removed by force and started again, it takes its servers over", async () => {
    expect(said).toContain(`The manager listens on ${url}`);
    const mounts = [{ type: "MOUNT_TYPE_BIND", source: folder, target: "/data" }];
    const spec = { image: "mcp/filesystem:latest", pull_policy: "PULL_POLICY_NEVER", mounts };
    const started = await post("/servers/files/start", spec);
    expect(JSON.stringify(await read())).toContain("hello from the host");
    const [manager] = await managers();
    await engine.docker.getContainer(manager?.Id ?? "").remove({ force: true });
    await make("start");
    const found = await fetch(`${url}/servers/files`);
    expect(await found.json()).toMatchObject({ server: { instances: [{ containerId: containerOf(started) }] } });
    expect(JSON.stringify(await read())).toContain("hello from the host");
    await make("restart");
    expect(JSON.stringify(await read())).toContain("hello from the host");
    await post("/servers/files/stop", {});
  });

  it("is not root, can't write, can't gain privileges, and is not taken for a server", async () => {
    const [manager] = await managers();
    expect(manager?.Config).toMatchObject({
      User: "1000:1000",
      Labels: expect.not.objectContaining({ "managed-by": expect.anything() }),
    });
    expect(manager?.HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1" }] },
    });
  });

  it("keeps what it knows in a volume of its fleet, which is nobody else's", async () => {
    const { Volumes } = await engine.docker.listVolumes({ filters: { label: [`mcpm.manager=${engine.fleet}`] } });
    expect(Volumes.map(({ Name }) => Name)).toEqual([`mcpm-state.${engine.fleet}`]);
    const [manager] = await managers();
    const look = ["sh", "-c", "stat -c '%a %u %n' /var/lib/mcp-docker-manager /var/lib/mcp-docker-manager/cache/key"];
    const { stdout } = await runFile("docker", ["exec", manager?.Id ?? "", ...look]);
    expect(stdout).toBe("700 1000 /var/lib/mcp-docker-manager\n600 1000 /var/lib/mcp-docker-manager/cache/key\n");
  });

  it("has its fleet: a manager on the host that wants it ends, and so does one in a container", async () => {
    const [manager] = await managers();
    const host = manager?.Config.Hostname;
    const refused = `the fleet ${engine.fleet} is held by the manager on host ${host} (pid `;
    await expect(ManagerProcess.start(engine.fleet)).rejects.toThrow(refused);
    await make("stop");
    const onHost = await ManagerProcess.start(engine.fleet);
    const failure = await make("start").catch((error: { stderr: string }) => error);
    expect(failure.stderr).toContain(`the fleet ${engine.fleet} is held by the manager on host ${hostname()} (pid `);
    expect(failure.stderr).toContain("The manager did not become ready, and was stopped");
    await onHost.kill("SIGTERM");
    await make("start");
  });

  it("is the image that this checkout built, whatever its tag has become meanwhile", async () => {
    const built = await readFile(join(root, ".tools/manager-image"), "utf8");
    expect((await managers())[0]).toMatchObject({ Image: built, Config: { Image: built } });
  });

  it("becomes healthy by the engine's own check", async () => {
    const health = async () => (await managers())[0]?.State.Health?.Status;
    await expect.poll(health, { timeout: 30_000, interval: 500 }).toBe("healthy");
  });

  it("says what is wrong with a setting, and leaves the manager that runs alone", async () => {
    const [before] = await managers();
    const failing = async (more: NodeJS.ProcessEnv) => {
      const failure = await make("start", more).catch((error: { stderr: string }) => error);
      return failure.stderr;
    };
    expect(await failing({ MCPM_MAX_CPUS: "many" })).toContain("MCPM_MAX_CPUS=many must be a number");
    expect(await failing({ MCPM_PROT: "9090" })).toContain("MCPM_PROT is not a setting");
    expect(await failing({ MCPM_HOST: "127.0.0.2" })).toContain("MCPM_HOST is not for make start");
    expect(await failing({ MCPM_BIND_ROOTS: "/nowhere" })).toContain("there is no folder /nowhere on this machine");
    expect(await failing({ MCPM_RUNTIME: "process" })).toContain("use make dev MCPM_RUNTIME=process");
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    expect(await failing({ MCPM_PORT: String(port) })).toContain(`port ${port} of 127.0.0.1 is taken`);
    await new Promise((resolve) => taken.close(resolve));
    const [after] = await managers();
    expect([after?.Id, after?.State.StartedAt]).toEqual([before?.Id, before?.State.StartedAt]);
  });

  it("is given as long to end as calls may take to finish", async () => {
    await make("start", { MCPM_SHUTDOWN_GRACE_MS: "61000" });
    const [manager] = await managers();
    expect(manager?.Config).toMatchObject({ StopTimeout: 71 });
    const { stdout } = await runFile("scripts/manager/stop-grace", [], { cwd: root, env });
    expect(stdout).toBe("71s\n");
  });

  it("restart after stop says that it starts one", async () => {
    await make("stop");
    expect((await make("restart")).stderr).toContain("No manager runs: starting one");
  });
});
