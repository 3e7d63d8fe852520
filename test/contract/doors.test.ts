// Every request comes in by one of four doors: streams of gRPC and Connect with JSON by the fast path, everything else by
// the RPC library, REST by calls within the process. Each opens one call, and asks whether it may.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { ManagerError } from "../../src/base/errors/errors.ts";
import type { Authorize } from "../../src/operations/authorize.ts";
import { type Json, protocols } from "./ask.ts";
import { BrokenFleet } from "./broken-fleet.ts";

const opened: BrokenFleet[] = [];
afterEach(async () => {
  for (const broken of opened.splice(0)) await broken[Symbol.asyncDispose]();
});

/** A port whose fleet fails, that lets nobody in, and what it was asked. */
async function closedPort({ lean }: { readonly lean: boolean }) {
  const asked: unknown[] = [];
  const authorize: Authorize = ({ principal }, action, target) => {
    asked.push([principal.id, action, target]);
    throw new ManagerError("denied", "not for you", { details: { reason: "ENGINE_DENIED", delivery: "not_sent" } });
  };
  const broken = await BrokenFleet.open(undefined, { lean, authorize });
  opened.push(broken);
  return { asked, broken };
}

const requests: readonly [string, Json, string, object][] = [
  ["Get", { name: "x" }, "view", { kind: "server", server: "x" }],
  ["List", {}, "view", { kind: "fleet" }],
  ["Start", { name: "x", spec: { image: "i" } }, "operate", { kind: "server", server: "x" }],
  ["CallTool", { server: "x", tool: "t" }, "call", { kind: "tool", server: "x", tool: "t" }],
  ["CallToolStream", { server: "x", tool: "t" }, "call", { kind: "tool", server: "x", tool: "t" }],
  ["ReadResource", { server: "x", uri: "u:1" }, "call", { kind: "resource", server: "x", uri: "u:1" }],
  ["GetPrompt", { server: "x", prompt: "p" }, "call", { kind: "prompt", server: "x", prompt: "p" }],
  ["Complete", { server: "x", prompt: "p" }, "call", { kind: "prompt", server: "x", prompt: "p" }],
  ["Complete", { server: "x", resourceTemplate: "u:{n}" }, "call", { kind: "resource", server: "x", uri: "u:{n}" }],
  ["Complete", { server: "x" }, "call", { kind: "server", server: "x" }],
  ["Logs", { server: "x" }, "logs", { kind: "server", server: "x" }],
  ["Watch", {}, "view", { kind: "fleet" }],
];

describe.each([true, false])("With the fast path %s,", (lean) => {
  it.each(protocols)(
    "every request over %s is asked about once, before anything looks at its target",
    async (protocol) => {
      const { asked, broken } = await closedPort({ lean });
      for (const [rpc, request, action, target] of requests) {
        const answer = await broken.ask[protocol](rpc, request);
        expect([rpc, answer.code, answer.metadata.delivery]).toEqual([rpc, 7, "not_sent"]);
        expect(asked.splice(0)).toEqual([["anonymous", action, target]]);
      }
    },
  );

  it("so are health and reflection", async () => {
    const { asked, broken } = await closedPort({ lean });
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
    const fleet = ["anonymous", "view", { kind: "fleet" }];
    const server = ["anonymous", "view", { kind: "server", server: "x" }];
    expect(asked).toEqual([server, fleet, fleet, server, fleet]);
  });
});
