import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerSpecSchema, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { features } from "../../../src/rpc/methods/fleet-methods.ts";
import type { RuntimeKind } from "../../../src/runtime/capabilities.ts";
import { errorInfo, failureOf, type ManagerClient, randomName, TestManager, textOf } from "../test-manager.ts";

export interface LineOptions {
  readonly runtime: RuntimeKind;
  /** Settings of the manager. */
  readonly env: Record<string, string>;
  /** A spec that runs the hostile server with these arguments. */
  readonly hostile: (...args: string[]) => MessageInitShape<typeof ServerSpecSchema>;
}

/** What callers see whatever runs the servers: the whole line, from gRPC to the server and back. */
export function describeTheLine({ runtime, env, hostile }: LineOptions): void {
  describe(`The whole line on the runtime ${runtime}`, () => {
    let manager: TestManager;
    let client: ManagerClient;
    beforeAll(async () => {
      manager = await TestManager.start({ MCPM_RUNTIME: runtime, ...env });
      client = manager.client;
    });
    afterAll(() => manager[Symbol.asyncDispose]());

    const call = (server: string, tool: string, value = {}) =>
      client.callTool({ server, tool, input: { case: "arguments", value } });

    async function started(...args: string[]): Promise<{ name: string; id: string }> {
      const name = randomName();
      const { server } = await client.start({ name, spec: hostile(...args) });
      return { name, id: server?.instances[0]?.containerId ?? "" };
    }

    it("says which runtime it is, for the manager and for each server", async () => {
      const { name } = await started();
      const info = await client.getInfo({});
      const serversEndWithManager = runtime === "process" || info.engineVersion.startsWith("Podman ");
      expect(info).toMatchObject({ runtime, fleet: manager.fleet, features, serversEndWithManager });
      expect((await client.get({ name })).server).toMatchObject({ runtime, state: ServerState.READY });
    });

    it("gives each of 500 callers at once its own response, and the fast ones before the slow", async () => {
      const { name } = await started();
      const ask = async (tool: string, index: number) => textOf(await call(name, tool, { text: `${tool} ${index}` }));
      const held = Array.from({ length: 50 }, (_, index) => ask("hold", index));
      const echoed = Array.from({ length: 450 }, (_, index) => ask("echo", index));
      // All of these come while none of those can.
      expect(await Promise.all(echoed)).toEqual(echoed.map((_, index) => `echo ${index}`));
      expect(textOf(await call(name, "release"))).toBe("50");
      expect(await Promise.all(held)).toEqual(held.map((_, index) => `hold ${index}`));
    });

    it("tells a server's exit under a call with what it wrote last, even without a line break", async () => {
      const { name } = await started();
      const waiting = failureOf(call(name, "never"));
      const failure = await failureOf(call(name, "exit", { code: 42, stderr: "first\nthen" }));
      for (const error of [failure, await waiting]) {
        expect(errorInfo(error)).toMatchObject({
          code: Code.Aborted,
          reason: "SERVER_EXITED",
          delivery: "sent",
          server: name,
          exit_code: "42",
          oom_killed: "false",
          stderr_tail: "first\nthen",
        });
      }
      const { server } = await client.get({ name });
      expect(server).toMatchObject({ state: ServerState.FAILED, lastError: { exitCode: 42 } });
      expect(server?.instances).toMatchObject([{ exitCode: 42, oomKilled: false }]);
    });

    it("starts a failed server again without a spec, as the same instance", async () => {
      const { name, id } = await started();
      await failureOf(call(name, "exit"));
      const again = await client.start({ name });
      expect(again.server).toMatchObject({ state: ServerState.READY, restartCount: 1n });
      expect(again.server?.instances[0]?.containerId).toBe(id);
      expect(textOf(await call(name, "echo", { text: "back" }))).toBe("back");
    });

    it("says why a first start failed, also to who asks later, and frees the name", async () => {
      const name = randomName();
      const failure = await failureOf(client.start({ name, spec: hostile("--exit", "7") }));
      expect(errorInfo(failure)).toMatchObject({
        code: Code.FailedPrecondition,
        reason: "SERVER_EXITED",
        delivery: "not_sent",
        exit_code: "7",
        stderr_tail: "cannot start: no license",
        server: name,
      });
      expect((await client.get({ name })).server).toMatchObject({
        state: ServerState.FAILED,
        instances: [],
        lastError: { reason: "SERVER_EXITED", exitCode: 7, stderrTail: "cannot start: no license" },
      });
      expect(errorInfo(await failureOf(call(name, "echo")))).toMatchObject({ code: Code.NotFound });
      expect((await client.start({ name, spec: hostile() })).server?.state).toBe(ServerState.READY);
    });

    it("shows what the server wrote, and what became of it", async () => {
      const { name } = await started();
      const logs = Array.fromAsync(client.logs({ server: name, follow: true }));
      await call(name, "stderr", { text: "a word" });
      await client.stop({ name });
      const events = (await logs).map(({ event }) => event);
      const lines = events.flatMap((event) => (event.case === "line" ? [event.value.text] : []));
      const states = events.flatMap((event) => (event.case === "lifecycle" ? [event.value.state] : []));
      expect(lines).toEqual(["a word"]);
      expect(states.slice(-3)).toEqual([ServerState.READY, ServerState.DRAINING, ServerState.STOPPED]);
    });

    it("lets a call in flight finish when the server is stopped, and then has no such server", async () => {
      const { name } = await started();
      const finishing = call(name, "sleep", { ms: 600, text: "finished" });
      while ((await client.get({ name })).server?.callsInFlight === 0n);
      const stop = client.stop({ name });
      while ((await client.get({ name })).server?.state !== ServerState.DRAINING);
      expect(errorInfo(await failureOf(call(name, "echo")))).toMatchObject({
        code: Code.FailedPrecondition,
        reason: "SERVER_STOPPING",
        delivery: "not_sent",
      });
      expect(textOf(await finishing)).toBe("finished");
      expect((await stop).found).toBe(true);
      expect(errorInfo(await failureOf(client.get({ name })))).toMatchObject({ code: Code.NotFound });
      expect((await client.list({ pageSize: 1000 })).servers.map((server) => server.name)).not.toContain(name);
    });

    it("ends calls in flight when a stop has no grace: ABORTED, sent", async () => {
      const { name } = await started("--ignore-term");
      const pending = failureOf(call(name, "never"));
      while ((await client.get({ name })).server?.callsInFlight === 0n);
      await client.stop({ name, gracePeriod: { seconds: 0n, nanos: 0 } });
      expect(errorInfo(await pending)).toMatchObject({ code: Code.Aborted, delivery: "sent", server: name });
    });
  });
}
