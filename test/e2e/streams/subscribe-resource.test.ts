import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SubscribeResourceResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { RestartPolicy, type ServerSpecSchema, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import {
  errorInfo,
  failureOf,
  hostileProcessSpec,
  type ManagerClient,
  randomName,
  TestManager,
  textOf,
} from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

const specs = {
  legacy: hostileProcessSpec("--offers"),
  modern: { ...hostileProcessSpec(), args: ["modern.mjs", "--offers"] },
};
const eras = ["legacy", "modern"] as const;

async function started(spec: MessageInitShape<typeof ServerSpecSchema>, of = client): Promise<string> {
  const name = randomName();
  await of.start({ name, spec });
  return name;
}

const value = (fields: Record<string, string | number | boolean>) => ({ case: "arguments" as const, value: fields });

/** How many subscriptions at the server are told that the resource changed. */
async function touched(server: string, uri: string, by = client): Promise<string> {
  return textOf(await by.callTool({ server, tool: "touch", input: value({ uri }) }));
}

/** What came in at the server with these methods. */
async function received(server: string, ...methods: string[]): Promise<unknown[]> {
  const { resultJson } = await client.callTool({ server, tool: "received", resultFormat: ResultFormat.JSON });
  const messages: { method: string }[] = JSON.parse(resultJson).structuredContent.messages;
  return messages.filter(({ method }) => methods.includes(method));
}

/** A caller of SubscribeResource: its events, one by one. */
function subscribe(server: string, uri = "mem://note", by = client) {
  const controller = new AbortController();
  const events = by.subscribeResource({ server, uri }, { signal: controller.signal })[Symbol.asyncIterator]();
  return {
    next: async () => toPlain((await events.next()).value as SubscribeResourceResponse),
    failure: () => failureOf(Array.fromAsync({ [Symbol.asyncIterator]: () => events })),
    leave: () => controller.abort(),
  };
}

/** The next event that is no heartbeat. */
function toPlain({ event, time, instanceId }: SubscribeResourceResponse) {
  expect(time).toBeDefined();
  const { case: kind, value: fields } = event;
  return { kind, instanceId, ...(kind === "updated" ? { uri: fields.uri } : {}) };
}

describe.each(eras)("SubscribeResource to a server of the %s era", (era) => {
  it("says first that the server took it, then each change, of what is below it, too", async () => {
    const server = await started(specs[era]);
    const { server: got } = await client.get({ name: server });
    const instanceId = got?.instances[0]?.id;
    const events = subscribe(server);
    expect(await events.next()).toEqual({ kind: "subscribed", instanceId });
    await touched(server, "mem://other");
    await touched(server, "mem://note");
    expect(await events.next()).toEqual({ kind: "updated", uri: "mem://note", instanceId });
    await touched(server, "mem://note/part");
    expect(await events.next()).toEqual({ kind: "updated", uri: "mem://note/part", instanceId });
    events.leave();
  });

  it("shares one subscription at the server among all, and ends it with the last who leaves", async () => {
    const server = await started(specs[era]);
    const asking = era === "legacy" ? ["resources/subscribe"] : ["subscriptions/listen"];
    const before = (await received(server, ...asking)).length;
    const callers = [subscribe(server), subscribe(server), subscribe(server)];
    for (const events of callers) expect(await events.next()).toMatchObject({ kind: "subscribed" });
    expect((await received(server, ...asking)).length - before).toBe(1);
    callers.shift()?.leave();
    await touched(server, "mem://note");
    for (const events of callers) expect(await events.next()).toMatchObject({ kind: "updated" });
    for (const events of callers) events.leave();
    await expect.poll(() => touched(server, "mem://note")).toMatch(/^(?:false|0)$/);
  });

  it("is made again after a restart, and says that something may have been missed", async () => {
    const server = await started(specs[era]);
    const events = subscribe(server);
    await events.next();
    await client.restart({ name: server });
    expect(await events.next()).toMatchObject({ kind: "updated", uri: "mem://note" });
    await touched(server, "mem://note");
    expect(await events.next()).toMatchObject({ kind: "updated", uri: "mem://note" });
    events.leave();
  });

  it("is made again after a crash", async () => {
    const restart = { policy: RestartPolicy.ON_FAILURE };
    const server = await started({ ...specs[era], restart });
    const events = subscribe(server);
    await events.next();
    const crash = era === "legacy" ? { tool: "exit" } : { tool: "unfollow", input: value({ exit: true }) };
    await failureOf(client.callTool({ server, ...crash }));
    expect(await events.next()).toMatchObject({ kind: "updated", uri: "mem://note" });
    expect(await touched(server, "mem://note")).toMatch(/^(?:true|1)$/);
    expect(await events.next()).toMatchObject({ kind: "updated" });
    events.leave();
  });

  it("ends when the server is stopped, and when it failed, and says so", async () => {
    const server = await started(specs[era]);
    const events = subscribe(server);
    await events.next();
    await client.stop({ name: server });
    const stopped = { code: Code.FailedPrecondition, reason: "SERVER_STOPPING", server };
    expect(errorInfo(await events.failure())).toMatchObject(stopped);

    const crashing = await started(specs[era]);
    const follower = subscribe(crashing);
    await follower.next();
    const crash = era === "legacy" ? { tool: "exit" } : { tool: "unfollow", input: value({ exit: true }) };
    await failureOf(client.callTool({ server: crashing, ...crash }));
    const failed = { code: Code.FailedPrecondition, reason: "SERVER_FAILED", exit_code: era === "legacy" ? "1" : "4" };
    expect(errorInfo(await follower.failure())).toMatchObject(failed);
  });

  it("fails when the server dies over it, with how it died", async () => {
    const server = await started(specs[era]);
    const failure = errorInfo(await subscribe(server, "mem://exit").failure());
    expect(failure).toMatchObject({
      code: Code.Aborted,
      reason: "SERVER_EXITED",
      delivery: "sent",
      exit_code: "3",
      stderr_tail: "out of memory",
    });
  });

  it("fails with the server's refusal, and leaves nothing behind", async () => {
    const server = await started(specs[era]);
    const missing = { code: Code.NotFound, reason: "RESOURCE_NOT_FOUND", delivery: "answered", server };
    expect(errorInfo(await subscribe(server, "mem://gone").failure())).toMatchObject(missing);
    const invalid = { code: Code.InvalidArgument, reason: "SERVER_REFUSED_PARAMS" };
    expect(errorInfo(await subscribe(server, "mem://vague").failure())).toMatchObject(invalid);
    expect(await touched(server, "mem://gone")).toMatch(/^(?:false|0)$/);
  });

  it("begins with a heartbeat while the server takes its time, and is taken back when the caller leaves", async () => {
    const server = await started(specs[era]);
    const events = subscribe(server, "mem://silent");
    expect(await events.next()).toEqual({ kind: "heartbeat", instanceId: "" });
    events.leave();
    await expect.poll(() => received(server, "notifications/cancelled")).toHaveLength(1);
    await expect.poll(async () => (await client.get({ name: server })).server?.callsInFlight).toBe(0n);
  });

  it("has a call's deadline until the server took it, and none after that", async () => {
    const server = await started({ ...specs[era], callTimeout: { seconds: 0n, nanos: 300_000_000 } });
    const taken = subscribe(server);
    expect(await taken.next()).toMatchObject({ kind: "subscribed" });
    const overdue = errorInfo(await subscribe(server, "mem://silent").failure());
    expect(overdue).toMatchObject({
      code: Code.DeadlineExceeded,
      reason: "DEADLINE_EXCEEDED",
      delivery: "sent",
      server,
    });
    // By now that time has passed for this one, too.
    await touched(server, "mem://note");
    expect(await taken.next()).toMatchObject({ kind: "updated" });
    taken.leave();
  });

  it("has until then no longer than MCPM_MAX_CALL_TIMEOUT_MS, whatever the caller and the spec allow", async () => {
    const limits = { MCPM_CALL_TIMEOUT_MS: "300", MCPM_MAX_CALL_TIMEOUT_MS: "300" };
    await using own = await TestManager.start({ MCPM_RUNTIME: "process", ...limits });
    const server = await started({ ...specs[era], callTimeout: { seconds: 3600n, nanos: 0 } }, own.client);
    for (const options of [{}, { timeoutMs: 3_600_000 }]) {
      const events = own.client.subscribeResource({ server, uri: "mem://silent" }, options);
      const overdue = { code: Code.DeadlineExceeded, reason: "DEADLINE_EXCEEDED", delivery: "sent" };
      expect(errorInfo(await failureOf(Array.fromAsync(events)))).toMatchObject(overdue);
    }
  });

  it("by REST has the status of what it is refused with", async () => {
    const server = await started(specs[era]);
    const status = async (name: string, uri: string, headers = {}) => {
      const response = await fetch(`${manager.url}/servers/${name}/resources/subscribe`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ uri }),
      });
      return [
        response.status,
        (await response.text())
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ] as const;
    };
    expect(await status(server, "mem://gone")).toMatchObject([404, [{ details: [{ reason: "RESOURCE_NOT_FOUND" }] }]]);
    expect(await status("nobody", "mem://note")).toMatchObject([404, [{ details: [{ reason: "SERVER_NOT_FOUND" }] }]]);
    // The caller's own deadline is the whole stream's; to subscribe again is safe.
    const [ok, lines] = await status(server, "mem://note", { "connect-timeout-ms": "300" });
    const overdue = { code: Code.DeadlineExceeded, details: [{ metadata: { delivery: "not_sent" } }] };
    expect([ok, lines]).toMatchObject([200, [{ subscribed: {} }, { error: overdue }]]);
  });

  it("starts a server that is idle, and keeps it from becoming so", async () => {
    const server = await started({ ...specs[era], idleTimeout: { seconds: 0n, nanos: 200_000_000 } });
    const state = async () => (await client.get({ name: server })).server?.state;
    await expect.poll(state).toBe(ServerState.IDLE);
    const events = subscribe(server);
    let event = await events.next();
    while (event.kind === "heartbeat") event = await events.next();
    expect(event.kind).toBe("subscribed");
    const other = await started({ ...specs[era], idleTimeout: { seconds: 0n, nanos: 200_000_000 } });
    // By then the time has passed for this one, too.
    await expect.poll(async () => (await client.get({ name: other })).server?.state).toBe(ServerState.IDLE);
    expect(await state()).toBe(ServerState.READY);
    events.leave();
    await expect.poll(state).toBe(ServerState.IDLE);
  });

  it("ends UNAVAILABLE when the manager shuts down", async () => {
    await using own = await TestManager.start({ MCPM_RUNTIME: "process" });
    const server = await started(specs[era], own.client);
    const taken = subscribe(server, "mem://note", own.client);
    await taken.next();
    const waiting = subscribe(server, "mem://silent", own.client);
    await waiting.next();
    const ends = [taken.failure(), waiting.failure()];
    await own.shutDown();
    for (const end of await Promise.all(ends)) {
      expect(errorInfo(end)).toMatchObject({ code: Code.Unavailable, reason: "MANAGER_STOPPING" });
    }
  });

  it("is refused with the fields that are wrong", async () => {
    const failure = await subscribe("", "").failure();
    expect(errorInfo(failure)).toMatchObject({ code: Code.InvalidArgument, fields: ["server", "uri"] });
    const missing = { code: Code.NotFound, reason: "SERVER_NOT_FOUND" };
    expect(errorInfo(await subscribe("nobody").failure())).toMatchObject(missing);
  });

  it("follows every copy of a server", async () => {
    const server = await started({ ...specs[era], replicas: 2 });
    const events = subscribe(server);
    expect(await events.next()).toMatchObject({ kind: "subscribed" });
    const { server: got } = await client.get({ name: server });
    const ids = got?.instances.map(({ id }) => id) ?? [];
    // The copy with the fewest calls is called: with one that never ends, each in turn.
    const told: string[] = [];
    for (let copy = 0; copy < 2; copy += 1) {
      await touched(server, "mem://note");
      told.push((await events.next()).instanceId);
      if (copy === 0) client.readResource({ server, uri: "mem://silent" }).catch(() => {});
      await expect.poll(async () => (await client.get({ name: server })).server?.callsInFlight).toBe(1n);
    }
    events.leave();
    expect(new Set(told)).toEqual(new Set(ids));
    await client.stop({ name: server, gracePeriod: { seconds: 0n, nanos: 0 } });
  });
});

describe("SubscribeResource to a server of the modern era", () => {
  it("ends when the server ends the subscription and lives on", async () => {
    const server = await started(specs.modern);
    const events = subscribe(server);
    await events.next();
    await client.callTool({ server, tool: "unfollow" });
    const ended = { code: Code.Unavailable, reason: "SUBSCRIPTION_ENDED", delivery: "answered" };
    expect(errorInfo(await events.failure())).toMatchObject(ended);
  });

  it("is UNIMPLEMENTED when it does not take subscriptions", async () => {
    const server = await started({ ...specs.modern, args: ["modern.mjs"] });
    const unsupported = { code: Code.Unimplemented, reason: "CAPABILITY_NOT_DECLARED" };
    expect(errorInfo(await subscribe(server).failure())).toMatchObject(unsupported);
  });
});
