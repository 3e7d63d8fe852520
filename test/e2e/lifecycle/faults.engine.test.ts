import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InstanceState, RestartPolicy, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import {
  errorInfo,
  failureOf,
  hostileSpec,
  type ManagerClient,
  randomName,
  TestManager,
  textOf,
} from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(...args: string[]): Promise<{ name: string; id: string }> {
  const name = randomName();
  const { server } = await client.start({ name, spec: hostileSpec(...args) });
  return { name, id: server?.instances[0]?.containerId ?? "" };
}

const call = (server: string, tool: string, value = {}) =>
  client.callTool({ server, tool, input: { case: "arguments", value } });

describe("A container that dies", () => {
  it("mid-call fails its calls with exit code and the tail of stderr", async () => {
    const { name, id } = await started();
    await call(name, "stderr", { text: "last words" });
    const pending = [failureOf(call(name, "never")), failureOf(call(name, "never"))];
    while ((await client.get({ name })).server?.callsInFlight !== 2n);
    await manager.engine.docker.getContainer(id).kill();
    for (const failure of await Promise.all(pending)) {
      expect(errorInfo(failure)).toMatchObject({
        code: Code.Aborted,
        reason: "SERVER_EXITED",
        delivery: "sent",
        server: name,
        exit_code: "137",
        oom_killed: "false",
        stderr_tail: "last words",
      });
    }
    const { server } = await client.get({ name });
    expect(server).toMatchObject({ state: ServerState.FAILED, callsInFlight: 0n });
    expect(server?.instances[0]).toMatchObject({ exitCode: 137, oomKilled: false });
    const after = await failureOf(call(name, "echo"));
    expect(errorInfo(after)).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "SERVER_FAILED",
      delivery: "not_sent",
    });
  });

  it("of hunger is told apart", async () => {
    const name = randomName();
    const limits = { memoryBytes: 64n * 1024n * 1024n };
    await client.start({ name, spec: { ...hostileSpec(), limits } });
    const failure = await failureOf(call(name, "hog"));
    expect(errorInfo(failure)).toMatchObject({
      code: Code.Aborted,
      reason: "SERVER_OUT_OF_MEMORY",
      oom_killed: "true",
    });
  });

  it("of its own wish, after a child that died of hunger, is not said to have died of it, nor started again", async () => {
    const name = randomName();
    const limits = { memoryBytes: 128n * 1024n * 1024n };
    const restart = { policy: RestartPolicy.ON_FAILURE };
    await client.start({ name, spec: { ...hostileSpec(), limits, restart } });
    expect(textOf(await call(name, "hogInChild"))).toBe("SIGKILL");
    await expect.poll(async () => (await client.get({ name })).server?.oomKills).toBe(1n);
    const failure = errorInfo(await failureOf(call(name, "exit", { code: 0 })));
    expect(failure).toMatchObject({ reason: "SERVER_EXITED", exit_code: "0", oom_killed: "false" });
    await expect.poll(async () => (await client.get({ name })).server?.state).toBe(ServerState.FAILED);
    const { server } = await client.get({ name });
    expect(server).toMatchObject({ restartCount: 0n, oomKills: 1n, lastError: { reason: "SERVER_EXITED" } });
    expect(server?.instances).toMatchObject([{ exitCode: 0, oomKilled: false }]);
    const told = (await Array.fromAsync(client.logs({ server: name }))).flatMap(({ event }) =>
      event.case === "lifecycle" ? [event.value.message] : [],
    );
    expect(told).toContainEqual(expect.stringContaining("for lack of memory"));
    // As a manager that boots sees it: the engine's flag is up.
    await manager.shutDown();
    await manager.boot();
    client = manager.client;
    await expect.poll(async () => (await client.get({ name })).server?.state).toBe(ServerState.FAILED);
    expect((await client.get({ name })).server?.lastError).toMatchObject({ reason: "SERVER_EXITED", exitCode: 0 });
  });

  it("by docker rm -f behind the manager's back fails its calls", async () => {
    const { name, id } = await started();
    const pending = failureOf(call(name, "never"));
    while ((await client.get({ name })).server?.callsInFlight === 0n);
    await manager.engine.docker.getContainer(id).remove({ force: true });
    expect(errorInfo(await pending)).toMatchObject({ code: Code.Aborted, delivery: "sent" });
    expect((await client.stop({ name })).found).toBe(true);
  });
});

describe("A call that wakes a server", () => {
  it("whose container and image are gone says so when its deadline passes", async () => {
    const name = randomName();
    const { docker } = manager.engine;
    const image = `mcpm-test/${name}:1`;
    await docker.getImage(testImage).tag({ repo: `mcpm-test/${name}`, tag: "1" });
    const idleTimeout = { seconds: 1n };
    const callTimeout = { seconds: 1n };
    const restart = { policy: RestartPolicy.ON_FAILURE, initialBackoff: { seconds: 60n } };
    await client.start({ name, spec: { ...hostileSpec(), image, idleTimeout, callTimeout, restart } });
    const server = async () => (await client.get({ name })).server;
    await expect.poll(async () => (await server())?.state).toBe(ServerState.IDLE);
    await expect.poll(async () => (await server())?.instances[0]?.state).toBe(InstanceState.EXITED);
    await docker.getContainer((await server())?.instances[0]?.containerId ?? "").remove();
    await docker.getImage(image).remove();
    const failure = await failureOf(call(name, "echo"));
    expect(failure.rawMessage).toContain(`the image ${image} is not on the engine`);
    expect(errorInfo(failure)).toMatchObject({
      code: Code.Unavailable,
      reason: "SERVER_NOT_READY",
      failure_reason: "IMAGE_UNAVAILABLE",
      delivery: "not_sent",
    });
    await client.stop({ name });
  });
});

describe("A deadline", () => {
  it("frees the caller, reaches the server as a cancel with our wire id, and says that the call was sent", async () => {
    const { name } = await started();
    const response = await fetch(`${manager.url}/mcpmanager.v1.ManagerService/CallTool`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "300" },
      body: JSON.stringify({ server: name, tool: "sleep", arguments: { ms: 60_000 } }),
    });
    const body = (await response.json()) as { code: string; details: { debug?: { metadata: unknown } }[] };
    expect(body.code).toBe("deadline_exceeded");
    expect(body.details[0]?.debug?.metadata).toMatchObject({ delivery: "sent", server: name });
    const raw = await client.callTool({ server: name, tool: "received", resultFormat: 2 });
    const seen = JSON.parse(raw.resultJson).structuredContent.messages as {
      method: string;
      id: number;
      params: { name?: string; requestId?: number };
    }[];
    const sleep = seen.find(({ params }) => params?.name === "sleep");
    const cancel = seen.find(({ method }) => method === "notifications/cancelled");
    expect(cancel?.params.requestId).toBe(sleep?.id);
  });

  it("comes from the spec when the caller sets none", async () => {
    const name = randomName();
    await client.start({ name, spec: { ...hostileSpec(), callTimeout: { seconds: 0n, nanos: 200_000_000 } } });
    const failure = await failureOf(call(name, "never"));
    expect(errorInfo(failure)).toMatchObject({ code: Code.DeadlineExceeded, delivery: "sent", server: name });
  });
});

describe("A caller that leaves", () => {
  it("cancels its call at the server, and no other", async () => {
    const { name } = await started();
    const left = new AbortController();
    const gone = failureOf(
      client.callTool(
        { server: name, tool: "sleep", input: { case: "arguments", value: { ms: 60_000 } } },
        { signal: left.signal },
      ),
    );
    const other = call(name, "sleep", { ms: 400, text: "still here" });
    while ((await client.get({ name })).server?.callsInFlight !== 2n);
    left.abort();
    expect((await gone).code).toBe(Code.Canceled);
    expect(textOf(await other)).toBe("still here");
    while ((await client.get({ name })).server?.callsInFlight !== 0n);
    const raw = await client.callTool({ server: name, tool: "received", resultFormat: 2 });
    expect(raw.resultJson).toContain("notifications/cancelled");
  });
});
