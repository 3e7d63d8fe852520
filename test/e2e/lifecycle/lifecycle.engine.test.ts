import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
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

/** Waits for a state by the server's own log, which tells of each. */
async function reaches(name: string, state: ServerState): Promise<void> {
  for await (const { event } of client.logs({ server: name, follow: true })) {
    if (event.case === "lifecycle" && event.value.state === state) return;
  }
  throw new Error(`the log of ${name} ended before state ${state}`);
}

describe("Start", () => {
  it("makes one container for concurrent starts of one name", async () => {
    const name = randomName();
    const before = (await manager.containers()).length;
    const started = await Promise.all(Array.from({ length: 5 }, () => client.start({ name, spec: hostileSpec() })));
    const ids = started.map(({ server }) => server?.instances[0]?.containerId);
    expect(new Set(ids).size).toBe(1);
    expect((await manager.containers()).length).toBe(before + 1);
  });

  it("answers an equal spec with the server as it is, and another spec with ALREADY_EXISTS", async () => {
    const name = randomName();
    const spec = { ...hostileSpec(), env: { B: "2", A: "1" } };
    const first = await client.start({ name, spec });
    const again = await client.start({ name, spec: { ...spec, env: { A: "1", B: "2" } } });
    expect(again.server?.instances).toEqual(first.server?.instances);
    const other = await failureOf(client.start({ name, spec: { ...spec, env: { A: "1", B: "3" } } }));
    expect(errorInfo(other)).toMatchObject({ code: Code.AlreadyExists, reason: "NAME_TAKEN", delivery: "not_sent" });
  });

  it("goes on when its caller leaves", async () => {
    const name = randomName();
    const left = new AbortController();
    const start = client.start({ name, spec: hostileSpec("--handshake-ms", "500") }, { signal: left.signal });
    const failed = failureOf(start);
    while (!(await client.list({ pageSize: 1000 })).servers.some((server) => server.name === name));
    left.abort();
    expect((await failed).code).toBe(Code.Canceled);
    await reaches(name, ServerState.READY);
  });

  it("is cancelled by a Stop with ABORTED, and leaves nothing", async () => {
    const name = randomName();
    const start = failureOf(client.start({ name, spec: hostileSpec("--silent") }));
    while (!(await client.list({ pageSize: 1000 })).servers.some((server) => server.name === name));
    await reaches(name, ServerState.HANDSHAKING);
    const id = (await client.get({ name })).server?.instances[0]?.containerId ?? "";
    expect(await client.stop({ name })).toMatchObject({ found: true });
    expect(errorInfo(await start)).toMatchObject({ code: Code.Aborted, reason: "START_CANCELLED" });
    expect(await manager.containers()).not.toContain(id);
  });

  it("waits for a Stop under way, then makes a new container", async () => {
    const name = randomName();
    const first = await client.start({ name, spec: hostileSpec("--ignore-term") });
    const stop = client.stop({ name, gracePeriod: { seconds: 1n, nanos: 0 } });
    await reaches(name, ServerState.DRAINING);
    const second = await client.start({ name, spec: hostileSpec() });
    expect((await stop).found).toBe(true);
    expect(second.server?.instances[0]?.containerId).not.toBe(first.server?.instances[0]?.containerId);
    expect(second.server?.state).toBe(ServerState.READY);
  });

  it("without a spec starts a failed server again, in the same container", async () => {
    const name = randomName();
    const first = await client.start({ name, spec: hostileSpec() });
    const id = first.server?.instances[0]?.containerId ?? "";
    await manager.engine.docker.getContainer(id).kill();
    await reaches(name, ServerState.FAILED);
    const failed = (await client.get({ name })).server;
    expect(failed?.lastError).toMatchObject({ code: Code.FailedPrecondition, reason: "SERVER_EXITED", exitCode: 137 });
    const again = await client.start({ name });
    expect(again.server).toMatchObject({ state: ServerState.READY, restartCount: 1n });
    expect(again.server?.instances[0]?.containerId).toBe(id);
    expect(
      textOf(await client.callTool({ server: name, tool: "echo", input: { case: "arguments", value: { text: "x" } } })),
    ).toBe("x");
  });

  it("of a failed server whose container is gone makes a new one", async () => {
    const name = randomName();
    const first = await client.start({ name, spec: hostileSpec() });
    const id = first.server?.instances[0]?.containerId ?? "";
    await manager.engine.docker.getContainer(id).remove({ force: true });
    await reaches(name, ServerState.FAILED);
    const again = await client.start({ name });
    expect(again.server?.instances[0]?.containerId).not.toBe(id);
  });
});

it("List gives the fleet by name, in pages of one, too", async () => {
  for (const name of [randomName(), randomName()]) await client.start({ name, spec: hostileSpec() });
  const { servers } = await client.list({ pageSize: 1000 });
  const names = servers.map((server) => server.name);
  expect(names).toEqual(names.toSorted());
  const listed: string[] = [];
  let pageToken = "";
  do {
    const page = await client.list({ pageSize: 1, pageToken });
    expect(page.servers).toHaveLength(1);
    listed.push(...page.servers.map((server) => server.name));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(listed).toEqual(names);
});

describe("A call", () => {
  it("to a server that is coming up waits until it is ready", async () => {
    const name = randomName();
    const start = client.start({ name, spec: hostileSpec("--handshake-ms", "300") });
    while (!(await client.list({ pageSize: 1000 })).servers.some((server) => server.name === name));
    const call = client.callTool({
      server: name,
      tool: "echo",
      input: { case: "arguments", value: { text: "early" } },
    });
    expect(textOf(await call)).toBe("early");
    await start;
  });

  it("whose deadline passes before the server is ready is UNAVAILABLE, not sent", async () => {
    const name = randomName();
    const start = failureOf(client.start({ name, spec: hostileSpec("--silent") }));
    while (!(await client.list({ pageSize: 1000 })).servers.some((server) => server.name === name));
    // Over HTTP by hand: a client library ends a call at its own deadline, without the server's response.
    const response = await fetch(`${manager.url}/mcpmanager.v1.ManagerService/CallTool`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "300" },
      body: JSON.stringify({ server: name, tool: "echo" }),
    });
    const body = (await response.json()) as {
      code: string;
      details: { debug?: { metadata: unknown; reason: string } }[];
    };
    expect(body.code).toBe("unavailable");
    expect(body.details[0]?.debug).toMatchObject({ reason: "SERVER_NOT_READY", metadata: { delivery: "not_sent" } });
    await client.stop({ name });
    await start;
  });
});
