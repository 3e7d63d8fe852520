import { readFileSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { describe, expect, it } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { TestManager } from "../test-manager.ts";

const proto = (path: string) => fileURLToPath(new URL(`../../../proto/${path}`, import.meta.url));
const serviceConfig = readFileSync(proto("mcpmanager/v1/service-config.json"), "utf8");
const { methodConfig } = JSON.parse(serviceConfig) as {
  methodConfig: { name: object[]; retryPolicy: { retryableStatusCodes: string[]; maxAttempts: number } }[];
};

const definition = loadSync("mcpmanager/v1/manager.proto", { includeDirs: [proto("")], defaults: true });
const Service = (grpc.loadPackageDefinition(definition) as unknown as { mcpmanager: { v1: Services } }).mcpmanager.v1
  .ManagerService;
interface Services {
  readonly ManagerService: grpc.ServiceClientConstructor;
}

type Unary = (request: object, callback: (error: grpc.ServiceError | null, response?: object) => void) => void;

/** A client that has the service config, and what a call of it ends with. */
function openClient(port: number) {
  const client = new Service(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.service_config": serviceConfig,
    // How soon a lost connection is opened again is the client's own matter; here it is soon.
    "grpc.initial_reconnect_backoff_ms": 20,
    "grpc.max_reconnect_backoff_ms": 20,
  });
  const methods = client as unknown as Record<string, Unary>;
  const call = (method: string, request: object) =>
    new Promise<{ error: grpc.ServiceError | null; response?: object | undefined }>((resolve) => {
      methods[method]?.call(client, request, (error, response) => resolve({ error, response }));
    });
  return { call, [Symbol.dispose]: () => client.close() };
}

/** A server all of whose methods fail with the code as often as told, then answer; it counts what it gets. */
async function openServer(failures: number, code: grpc.status) {
  const server = new grpc.Server();
  const got: string[] = [];
  const methods = Object.keys(Service.service).map((name) => [
    name,
    (_call: unknown, respond: (error: object | null, response?: object) => void) => {
      got.push(name);
      if (got.length <= failures) respond({ code, details: "as the test wants" });
      else respond(null, {});
    },
  ]);
  server.addService(Service.service, Object.fromEntries(methods));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, got, [Symbol.dispose]: () => server.forceShutdown() };
}

describe("The gRPC service config", () => {
  it("has every unary method without side effects, and no other", () => {
    const reads = ManagerService.methods.filter(
      ({ methodKind, idempotency }) =>
        methodKind === "unary" && idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
    );
    const names = reads.map(({ name }) => ({ service: ManagerService.typeName, method: name }));
    expect(methodConfig.flatMap(({ name }) => name)).toEqual(names);
  });

  it("tries again after UNAVAILABLE only", () => {
    expect(methodConfig.map(({ retryPolicy }) => retryPolicy.retryableStatusCodes)).toEqual([["UNAVAILABLE"]]);
  });

  it("makes grpc-js try a read again that was UNAVAILABLE, until it is answered", async () => {
    using server = await openServer(2, grpc.status.UNAVAILABLE);
    using client = openClient(server.port);
    expect((await client.call("ListTools", { server: "fs" })).error).toBeNull();
    expect(server.got).toEqual(["ListTools", "ListTools", "ListTools"]);
  });

  it("makes grpc-js give up after so many tries", async () => {
    using server = await openServer(100, grpc.status.UNAVAILABLE);
    using client = openClient(server.port);
    expect((await client.call("Get", { name: "fs" })).error?.code).toBe(grpc.status.UNAVAILABLE);
    expect(server.got).toHaveLength(methodConfig[0]?.retryPolicy.maxAttempts ?? 0);
  });

  it.each([
    ["CallTool", grpc.status.UNAVAILABLE],
    ["Start", grpc.status.UNAVAILABLE],
    ["Restart", grpc.status.UNAVAILABLE],
    ["ListTools", grpc.status.ABORTED],
    ["List", grpc.status.RESOURCE_EXHAUSTED],
  ])("has %s tried once, when it fails with code %i", async (method, code) => {
    using server = await openServer(1, code);
    using client = openClient(server.port);
    expect((await client.call(method, {})).error?.code).toBe(code);
    expect(server.got).toEqual([method]);
  });

  it("brings a read through to a manager whose port was dead at first", async () => {
    await using manager = await TestManager.start({ MCPM_RUNTIME: "process" });
    let refused = 0;
    const gate = net.createServer((socket) => {
      socket.on("error", () => {});
      if (refused < 2) {
        refused += 1;
        socket.destroy();
        return;
      }
      const through = net.connect(manager.app.port, "127.0.0.1");
      through.on("error", () => {});
      socket.pipe(through).pipe(socket);
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    const { port } = gate.address() as net.AddressInfo;
    {
      using client = openClient(port);
      expect(await client.call("GetInfo", {})).toMatchObject({ error: null, response: { fleet: manager.fleet } });
      expect(refused).toBe(2);
    }
    await new Promise((resolve) => gate.close(resolve));
  });
});
