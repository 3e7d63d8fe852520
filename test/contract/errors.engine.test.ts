// The part of the table of errors.test.ts that needs an engine.
import { afterAll, beforeAll, describe, it } from "vitest";
import { hostileSpec, TestManager } from "../line/test-manager.ts";
import { EngineProxy } from "../runtime/docker/engine-proxy.ts";
import type { Protocol } from "./ask.ts";
import { expectSideBySide, printTable, Stage } from "./cause.ts";
import { engineCauses } from "./engine-causes.ts";

let proxy: EngineProxy;
let manager: TestManager;
beforeAll(async () => {
  proxy = await EngineProxy.listen();
  manager = await TestManager.start({ DOCKER_HOST: proxy.host, MCPM_ALLOW_CAPS: "BOGUS" });
});
afterAll(async () => {
  printTable();
  await manager[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

describe("Over gRPC, gRPC-Web, Connect and REST the same", () => {
  it.each(engineCauses)("$reason answers: $how", async ({ provoke, ...cause }) => {
    const stageOf = (protocol: Protocol) => new Stage(manager, protocol, hostileSpec);
    await expectSideBySide({ ...cause, provoke: (stage) => provoke(Object.assign(stage, { proxy })) }, stageOf);
  });
});
