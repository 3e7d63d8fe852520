import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostileSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

const inRepository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

interface HealthClient extends grpc.Client {
  check(request: object, callback: (error: grpc.ServiceError | null, response: { status: string }) => void): void;
  watch(request: object): grpc.ClientReadableStream<{ status: string }>;
}

/** The reference client on the reference proto. */
function healthClient(): HealthClient {
  const proto = inRepository("node_modules/grpc-health-check/proto/health/v1/health.proto");
  const loaded = grpc.loadPackageDefinition(loadSync(proto, { enums: String })) as unknown as {
    grpc: { health: { v1: { Health: grpc.ServiceClientConstructor } } };
  };
  const address = manager.url.replace("http://", "");
  return new loaded.grpc.health.v1.Health(address, grpc.credentials.createInsecure()) as unknown as HealthClient;
}

const check = (service: string) =>
  new Promise<string>((resolve, reject) => {
    healthClient().check({ service }, (error, response) => (error ? reject(error) : resolve(response.status)));
  });

describe("grpc.health.v1", () => {
  it("tells of the manager and of each server", async () => {
    const name = randomName();
    await client.start({ name, spec: hostileSpec() });
    expect(await check("")).toBe("SERVING");
    expect(await check("mcpmanager.v1.ManagerService")).toBe("SERVING");
    expect(await check(`server/${name}`)).toBe("SERVING");
    await expect(check("server/nope")).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
    await client.stop({ name });
    await expect(check(`server/${name}`)).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
  });

  it("does not call a server serving that is paused", async () => {
    const name = randomName();
    const { server } = await client.start({ name, spec: hostileSpec() });
    const container = manager.engine.docker.getContainer(server?.instances[0]?.containerId ?? "");
    const statuses = healthClient()
      .watch({ service: `server/${name}` })
      [Symbol.asyncIterator]();
    const next = async () => (await statuses.next()).value.status;
    expect(await next()).toBe("SERVING");
    await container.pause();
    expect(await next()).toBe("NOT_SERVING");
    await container.unpause();
    expect(await next()).toBe("SERVING");
  });

  it("Watch follows a server that comes, dies, comes back and is stopped", async () => {
    const name = randomName();
    const stream = healthClient().watch({ service: `server/${name}` });
    const statuses = stream[Symbol.asyncIterator]();
    const next = async () => (await statuses.next()).value.status;
    expect(await next()).toBe("SERVICE_UNKNOWN");
    const { server } = await client.start({ name, spec: hostileSpec() });
    expect(await next()).toBe("NOT_SERVING");
    expect(await next()).toBe("SERVING");
    await manager.engine.docker.getContainer(server?.instances[0]?.containerId ?? "").kill();
    expect(await next()).toBe("NOT_SERVING");
    await client.start({ name });
    expect(await next()).toBe("SERVING");
    await client.stop({ name });
    expect(await next()).toBe("NOT_SERVING");
    expect(await next()).toBe("SERVICE_UNKNOWN");
    stream.cancel();
  });
});

describe("Reflection", () => {
  it.each(["grpc-v1", "grpc-v1alpha"])("%s lets buf curl call without a schema", async (protocol) => {
    const url = `${manager.url}/mcpmanager.v1.ManagerService/GetInfo`;
    const args = ["curl", "--http2-prior-knowledge", "--reflect-protocol", protocol, "-d", "{}", url];
    const { stdout } = await promisify(execFile)(inRepository("node_modules/.bin/buf"), args, { cwd: "/" });
    expect(JSON.parse(stdout)).toMatchObject({ runtime: "docker", fleet: manager.engine.fleet });
  });

  it("lists the services", async () => {
    const args = ["curl", "--http2-prior-knowledge", manager.url, "--list-services"];
    const { stdout } = await promisify(execFile)(inRepository("node_modules/.bin/buf"), args, { cwd: "/" });
    expect(stdout.trim().split("\n")).toContain("mcpmanager.v1.ManagerService");
  });
});
