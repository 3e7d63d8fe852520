import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import {
  errorInfo,
  failureOf,
  grpcClient,
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

async function started(): Promise<{ name: string; id: string }> {
  const name = randomName();
  const { server } = await client.start({ name, spec: hostileSpec() });
  return { name, id: server?.instances[0]?.containerId ?? "" };
}

interface CallOptions {
  readonly by?: ManagerClient;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly resultFormat?: ResultFormat;
}

function call(server: string, tool: string, value: object, idempotencyKey: string, options: CallOptions = {}) {
  const { by = client, resultFormat = ResultFormat.TYPED, ...rest } = options;
  const input = { case: "argumentsJson", value: JSON.stringify(value) } as const;
  return by.callTool({ server, tool, input, idempotencyKey, resultFormat }, rest);
}

/** The requests and notifications that the server's process got. */
async function received(server: string) {
  const { resultJson } = await client.callTool({ server, tool: "received", resultFormat: 2 });
  const { messages } = JSON.parse(resultJson).structuredContent as {
    messages: { method?: string; params?: { name?: string } }[];
  };
  return messages.map(({ method, params }) => params?.name ?? method);
}

async function inFlight(name: string, calls: bigint): Promise<void> {
  while ((await client.get({ name })).server?.callsInFlight !== calls);
}

describe("A call under an idempotency key", () => {
  it("is joined from another client, over REST, whose first caller may leave", async () => {
    const { name } = await started();
    const leaving = new AbortController();
    const first = failureOf(
      call(name, "hold", { text: "held" }, "k", { by: grpcClient(manager.url), signal: leaving.signal }),
    );
    await inFlight(name, 1n);
    const second = call(name, "hold", { text: "held" }, "k");
    await client.get({ name }); // On the same connection: the call came before it.
    leaving.abort();
    expect((await first).code).toBe(Code.Canceled);
    const third = fetch(`${manager.url}/servers/${name}/call`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tool: "hold", arguments: { text: "held" }, idempotency_key: "k" }),
    });
    expect(textOf(await client.callTool({ server: name, tool: "release" }))).toBe("1");
    expect(textOf(await second)).toBe("held");
    expect(await (await third).json()).toMatchObject({ content: [{ text: { text: "held" } }] });
    const calls = await received(name);
    expect(calls.filter((what) => what === "hold")).toHaveLength(1);
    expect(calls).not.toContain("notifications/cancelled");
  });

  it("is joined by streams: the result for all, also when its server is stopped; the events for whose it is", async () => {
    const { name } = await started();
    const stream = (text: string) => {
      const input = { case: "argumentsJson", value: JSON.stringify({ text }) } as const;
      const events = client.callToolStream({ server: name, tool: "hold", input, idempotencyKey: "k" });
      return Array.fromAsync(events, ({ event, instanceId }) => ({ ...event, instanceId }));
    };
    const instance = (await client.get({ name })).server?.instances[0]?.id ?? "";
    const first = stream("held");
    await inFlight(name, 1n);
    const second = stream("held");
    await client.get({ name }); // On the same connection: the call came before it.
    await client.callTool({ server: name, tool: "release" });
    const [begun, joined] = [await first, await second];
    for (const events of [begun, joined]) {
      expect(events.at(-1)).toMatchObject({ case: "result", instanceId: instance, value: { instanceId: instance } });
    }
    // The call is at its server for whose request was sent; who joined is told where it was with the result.
    expect(begun.slice(0, -1)).toEqual([expect.objectContaining({ case: "heartbeat", instanceId: instance })]);
    expect(joined.slice(0, -1)).toEqual([expect.objectContaining({ case: "heartbeat", instanceId: "" })]);
    expect((await received(name)).filter((what) => what === "hold")).toHaveLength(1);
    expect(errorInfo(await failureOf(stream("other")))).toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
    await client.stop({ name, gracePeriod: { seconds: 0n } });
    expect(textOf(await call(name, "hold", { text: "held" }, "k"))).toBe("held");
    expect((await stream("held")).map((event) => event.case)).toEqual(["result"]);
  });

  it("whose server was killed stays ABORTED, also when the server is up again", async () => {
    const { name, id } = await started();
    const lost = failureOf(call(name, "never", {}, "k"));
    await inFlight(name, 1n);
    await manager.engine.docker.getContainer(id).kill();
    const aborted = {
      code: Code.Aborted,
      reason: "SERVER_EXITED",
      delivery: "sent",
      server: name,
      exit_code: "137",
    };
    expect(errorInfo(await lost)).toMatchObject(aborted);
    await client.start({ name });
    expect(errorInfo(await failureOf(call(name, "never", {}, "k")))).toMatchObject(aborted);
    expect(await received(name)).not.toContain("never");
  });

  it("that was not sent is made when it is sent again", async () => {
    const { name, id } = await started();
    await manager.engine.docker.getContainer(id).kill();
    await expect.poll(async () => (await client.get({ name })).server?.lastError?.reason).toBe("SERVER_EXITED");
    const refused = errorInfo(await failureOf(call(name, "echo", { text: "x" }, "k")));
    expect(refused).toMatchObject({ code: Code.FailedPrecondition, delivery: "not_sent" });
    await client.start({ name });
    expect(textOf(await call(name, "echo", { text: "x" }, "k"))).toBe("x");
  });

  it("is given up with its last caller, who alone hears of a deadline: what became of it stays unknown", async () => {
    const { name } = await started();
    const overdue = errorInfo(await failureOf(call(name, "never", {}, "k", { timeoutMs: 500 })));
    expect(overdue.code).toBe(Code.DeadlineExceeded);
    expect(errorInfo(await failureOf(call(name, "never", {}, "k")))).toMatchObject({
      code: Code.Aborted,
      reason: "CALL_ABANDONED",
      delivery: "sent",
      server: name,
    });
    const calls = await received(name);
    expect(calls.filter((what) => what === "never" || what === "notifications/cancelled")).toEqual([
      "never",
      "notifications/cancelled",
    ]);
  });

  it("gives its result again in either format, a failed tool's, too, after Stop and Start with another spec", async () => {
    const { name } = await started();
    expect(textOf(await call(name, "pid", {}, "pid"))).toMatch(/^\d+$/);
    expect(await call(name, "fail", {}, "fail")).toMatchObject({ isError: true });
    const before = await call(name, "pid", {}, "pid", { resultFormat: ResultFormat.JSON });
    await client.stop({ name, gracePeriod: { seconds: 0n } });
    expect(await call(name, "fail", {}, "fail")).toMatchObject({ isError: true });
    await client.start({ name, spec: hostileSpec("--banner") });
    expect(await call(name, "pid", {}, "pid", { resultFormat: ResultFormat.JSON })).toEqual(before);
    expect(await received(name)).not.toContain("pid");
  });

  it("is refused with another input, but not with the same one in another order or another trace", async () => {
    const { name } = await started();
    const echo = (value: object, metaJson = "") =>
      client.callTool({
        server: name,
        tool: "echo",
        input: { case: "arguments", value: value as Record<string, string> },
        metaJson,
        idempotencyKey: "k",
      });
    expect(textOf(await echo({ text: "x", more: "y" }))).toBe("x");
    const trace = JSON.stringify({ traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
    expect(textOf(await echo({ more: "y", text: "x" }, trace))).toBe("x");
    expect(errorInfo(await failureOf(echo({ text: "z" })))).toMatchObject({
      code: Code.InvalidArgument,
      reason: "IDEMPOTENCY_KEY_REUSED",
      delivery: "not_sent",
      fields: ["idempotency_key"],
    });
    expect((await received(name)).filter((what) => what === "echo")).toHaveLength(1);
  });

  it.each(["é", "a\nb", "x".repeat(129)])("is refused when the key is %j", async (key) => {
    expect(errorInfo(await failureOf(call("any", "echo", {}, key)))).toMatchObject({
      code: Code.InvalidArgument,
      reason: "INVALID_REQUEST",
      fields: ["idempotency_key"],
    });
  });
});
