// The part of the table of errors.test.ts that needs an engine.
import { afterAll, beforeAll, describe, it } from "vitest";
import { hostileSpec, TestManager } from "../e2e/test-manager.ts";
import { EngineProxy } from "../runtime/docker/engine-proxy.ts";
import type { Protocol } from "./ask.ts";
import { expectSideBySide, printTable, Stage } from "./causes/cause.ts";
import { engineCauses } from "./causes/engine-causes.ts";

let proxy: EngineProxy;
let manager: TestManager;
let withoutLean: TestManager;
beforeAll(async () => {
  proxy = await EngineProxy.listen();
  const env = { DOCKER_HOST: proxy.host, MCPM_ALLOW_CAPS: "BOGUS" };
  manager = await TestManager.start(env);
  withoutLean = await TestManager.start(env, { fastPath: false });
});
afterAll(async () => {
  printTable();
  await manager[Symbol.asyncDispose]();
  await withoutLean[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

describe("Over gRPC, gRPC-Web, Connect and REST the same", () => {
  it.each(engineCauses)("$reason answers: $how", (cause) => expectResponse(cause, manager));

  it.each(engineCauses)("$reason answers, by the RPC library alone: $how", (cause) =>
    expectResponse(cause, withoutLean),
  );
});

async function expectResponse({ provoke, ...cause }: (typeof engineCauses)[number], asked: TestManager): Promise<void> {
  const stageOf = (protocol: Protocol) => new Stage(asked, protocol, hostileSpec);
  await expectSideBySide({ ...cause, provoke: (stage) => provoke(Object.assign(stage, { proxy })) }, stageOf);
}
