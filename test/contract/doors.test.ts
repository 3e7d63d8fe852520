// Every request comes in by one of four doors: streams of gRPC and Connect with JSON by the fast path, everything else by
// the RPC library, REST by calls within the process. Each opens one call, and asks whether it may.

import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { GetRequestSchema, ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ManagerError } from "../../src/base/errors/errors.ts";
import type { Authorize } from "../../src/operations/authorize.ts";
import type { Action, Target } from "../../src/operations/operation.ts";
import { openCall } from "../rpc/a-call.ts";
import { ask, envelope } from "../rpc/fast-path/grpc-bytes.ts";
import { type Json, protocols } from "./ask.ts";
import { BrokenFleet } from "./broken-fleet.ts";

const opened: BrokenFleet[] = [];
afterEach(async () => {
  for (const broken of opened.splice(0)) await broken[Symbol.asyncDispose]();
});

/** A port whose fleet fails, that lets nobody in, and what it was asked. */
async function closedPort({ fastPath }: { readonly fastPath: boolean }) {
  const asked: unknown[] = [];
  const authorize: Authorize = ({ principal }, action, target) => {
    asked.push([principal.id, action, target]);
    throw new ManagerError("denied", "not for you", { details: { reason: "ENGINE_DENIED", delivery: "not_sent" } });
  };
  const broken = await BrokenFleet.open(undefined, { fastPath, authorize });
  opened.push(broken);
  return { asked, broken };
}

/** A request of each RPC, and what it is asked about. */
interface Asked {
  readonly request: Json;
  readonly action: Action;
  readonly target: Target;
}

const fleet: Target = { kind: "fleet" };
const server: Target = { kind: "server", server: "x" };
const tool: Target = { kind: "tool", server: "x", tool: "t" };
const resource: Target = { kind: "resource", server: "x", uri: "u:1" };
const prompt: Target = { kind: "prompt", server: "x", prompt: "p" };
const page: Asked = { request: { server: "x" }, action: "view", target: server };

const requests: Record<keyof typeof ManagerService.method, Asked> = {
  start: { request: { name: "x", spec: { image: "i" } }, action: "operate", target: server },
  stop: { request: { name: "x" }, action: "operate", target: server },
  restart: { request: { name: "x" }, action: "operate", target: server },
  list: { request: {}, action: "view", target: fleet },
  get: { request: { name: "x" }, action: "view", target: server },
  getInfo: { request: {}, action: "view", target: fleet },
  listSecrets: { request: {}, action: "view", target: fleet },
  listTools: page,
  callTool: { request: { server: "x", tool: "t" }, action: "call", target: tool },
  callToolStream: { request: { server: "x", tool: "t" }, action: "call", target: tool },
  listResources: page,
  listResourceTemplates: page,
  readResource: { request: { server: "x", uri: "u:1" }, action: "call", target: resource },
  subscribeResource: { request: { server: "x", uri: "u:1" }, action: "call", target: resource },
  listPrompts: page,
  getPrompt: { request: { server: "x", prompt: "p" }, action: "call", target: prompt },
  complete: { request: { server: "x", prompt: "p" }, action: "call", target: prompt },
  setLogLevel: { request: { server: "x", level: "LOG_LEVEL_INFO" }, action: "operate", target: server },
  logs: { request: { server: "x" }, action: "logs", target: server },
  watch: { request: {}, action: "view", target: fleet },
};

describe.each([true, false])("With the fast path %s,", (fastPath) => {
  it.each(protocols)("every RPC over %s is asked about once, before anything looks at its target", async (protocol) => {
    const { asked, broken } = await closedPort({ fastPath });
    for (const [localName, { request, action, target }] of Object.entries(requests)) {
      const { name } = ManagerService.method[localName as keyof typeof requests];
      const failure = await broken.ask[protocol](name, request);
      expect([name, failure.code, failure.metadata.delivery]).toEqual([name, 7, "not_sent"]);
      expect(asked.splice(0)).toEqual([["anonymous", action, target]]);
    }
  });

  it("a completion is asked about by what it is for", async () => {
    const { asked, broken } = await closedPort({ fastPath });
    await broken.ask.gRPC("Complete", { server: "x", resourceTemplate: "u:{n}" });
    await broken.ask.gRPC("Complete", { server: "x" });
    const template = { kind: "resource", server: "x", uri: "u:{n}" };
    expect(asked.splice(0)).toEqual([
      ["anonymous", "call", template],
      ["anonymous", "call", server],
    ]);
  });

  it("so are health and reflection", async () => {
    const { asked, broken } = await closedPort({ fastPath });
    const transport = createGrpcTransport({ baseUrl: broken.url });
    const health = createClient(Health, transport);
    await expect(health.check({ service: "server/x" })).rejects.toMatchObject({ code: 7 });
    await expect(health.check({})).rejects.toMatchObject({ code: 7 });
    await expect(health.list({})).rejects.toMatchObject({ code: 7 });
    await expect(Array.fromAsync(health.watch({ service: "server/x" }))).rejects.toMatchObject({ code: 7 });
    const reflection = createClient(ServerReflection, transport);
    const question = async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    };
    await expect(Array.fromAsync(reflection.serverReflectionInfo(question()))).rejects.toMatchObject({ code: 7 });
    const nothing = async function* () {};
    await expect(Array.fromAsync(reflection.serverReflectionInfo(nothing()))).rejects.toMatchObject({ code: 7 });
    const about = [server, fleet, fleet, server, fleet, fleet];
    expect(asked).toEqual(about.map((target) => ["anonymous", "view", target]));
  });
});

describe("One call is opened", () => {
  const message = Buffer.from(toBinary(GetRequestSchema, create(GetRequestSchema, { name: "x" })));

  it.each<[string, Parameters<typeof ask>[1]]>([
    ["for a request that the fast path of gRPC answers", { pieces: [envelope(message)] }],
    ["for one that it leaves to the RPC library", { pieces: [envelope(message), envelope(message)] }],
    ["for one of no envelope", { pieces: [message] }],
    [
      "for one that the fast path of Connect answers",
      { pieces: [Buffer.from('{"name":"x"}')], headers: { "content-type": "application/json" } },
    ],
    [
      "for one that this leaves to the library",
      { pieces: [Buffer.from("nope")], headers: { "content-type": "application/json" } },
    ],
    ["for one of the library's alone", { pieces: [message], headers: { "content-type": "application/proto" } }],
  ])("%s", async (_what, request) => {
    const open = vi.fn(openCall);
    const broken = await BrokenFleet.open(undefined, { openCall: open });
    opened.push(broken);
    await ask(broken.url, { path: "Get", ...request });
    expect(open).toHaveBeenCalledTimes(1);
  });
});
