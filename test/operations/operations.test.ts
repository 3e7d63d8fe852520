import { describe, expect, it } from "vitest";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { operations } from "../../src/operations/operations.ts";
import { operationsOf, type ServiceOperations, served } from "../../src/rpc/call/service-operations.ts";
import { healthOperations } from "../../src/rpc/health.ts";
import { managerOperations } from "../../src/rpc/methods/manager-operations.ts";

const manager = served({ service: ManagerService, implementation: {} as never, operations: managerOperations });
const health = served({ service: Health, implementation: {} as never, operations: healthOperations });

describe("operationsOf", () => {
  it("tells RPCs of the same name apart: a Watch of health is not the fleet's", () => {
    const operationOf = operationsOf([manager, health]);
    expect(operationOf(ManagerService.method.watch)).toBe(operations.watch);
    expect(operationOf(Health.method.watch)).toBe(operations.watchHealth);
    expect(operationOf(ManagerService.method.watch).mayLag).toBe(true);
    expect(operationOf(Health.method.watch).mayLag).toBe(false);
  });

  it("throws for an RPC of a service that is not served", () => {
    expect(() => operationsOf([manager])(Health.method.check)).toThrow("grpc.health.v1.Health is not served");
  });
});

describe("ServiceOperations", () => {
  it("does not compile without an RPC, nor with an operation that reads what a request lacks", () => {
    const { watch: _, ...others } = managerOperations;
    // @ts-expect-error: Watch is missing.
    others satisfies ServiceOperations<typeof ManagerService>;
    // @ts-expect-error: a request of List names no server.
    ({ ...managerOperations, list: operations.get }) satisfies ServiceOperations<typeof ManagerService>;
  });
});

describe("The operations", () => {
  it("cut deadlines of what goes on to a server, but for a subscription, and of nothing else", () => {
    for (const [name, { capped, reachesServer }] of Object.entries(operations)) {
      expect([name, capped]).toEqual([name, reachesServer && name !== "subscribeResource"]);
    }
  });

  it("go on to a server where they call it, or say what it lists or logs", () => {
    const into = ["listTools", "listResources", "listResourceTemplates", "listPrompts", "setLogLevel"];
    for (const [name, { action, reachesServer }] of Object.entries(operations)) {
      expect([name, reachesServer]).toEqual([name, action === "call" || into.includes(name)]);
    }
  });

  it("let streams lag only where what is missed is left out", () => {
    const lagging = Object.entries(operations).filter(([, { mayLag }]) => mayLag);
    expect(lagging.map(([name]) => name).sort()).toEqual(["logs", "subscribeResource", "watch"]);
  });
});
