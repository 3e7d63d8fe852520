import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { checkedJsonObject } from "../../src/json/caller-json.ts";
import { hostile, openChildSession } from "./child-server.ts";
import { call, ready, receivedBy, textOf } from "./hostile-session.ts";
import { unboundSession } from "./scripted-session.ts";

describe("Session.bind", () => {
  it("sends what was answered before, to a server that asks as soon as it runs, and then goes on", async () => {
    const { session, bind } = unboundSession();
    const ask = (id: number) => session.sink.stdout(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`));
    ask(1);
    await setImmediate();
    ask(2);
    await setImmediate();
    const written: string[] = [];
    bind((text) => written.push(text));
    ask(3);
    await setImmediate();
    expect(written.join("")).toBe([1, 2, 3].map((id) => `{"jsonrpc":"2.0","id":${id},"result":{}}\n`).join(""));
  });
});

describe("Session.callTool", () => {
  it("gives the result as the server wrote it", async () => {
    await using child = await ready();
    const json = '{ "content" : [], "n":9007199254740993,"x":"\\u00e9\\/" }';
    expect(await call(child.session, "raw", { json })).toEqual({ json, isError: false, kind: "complete" });
  });

  it("takes a tool that ran and failed for a reply", async () => {
    await using child = await ready();
    const result = await call(child.session, "fail");
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe("it went wrong");
  });

  it("sends no arguments when there are none", async () => {
    await using child = await ready();
    await child.session.callTool({ tool: "echo" }, {});
    expect(await receivedBy(child.session)).toContainEqual(
      expect.objectContaining({ method: "tools/call", params: { name: "echo" } }),
    );
  });

  it.each([
    [-32601, "unsupported", "METHOD_NOT_FOUND"],
    [-32602, "invalid", "SERVER_REFUSED_PARAMS"],
    [-32000, "server_error", "SERVER_ERROR"],
    [7, "server_error", "SERVER_ERROR"],
  ])("maps the server's error %i to %s", async (code, kind, reason) => {
    await using child = await ready();
    await expect(call(child.session, "error", { code, message: "no", data: { a: [1] } })).rejects.toMatchObject({
      kind,
      message: `the server answered tools/call with error ${code}: no`,
      details: { reason, delivery: "answered", rpcCode: code, rpcData: '{"a":[1]}' },
    });
  });

  it("bounds what it takes over of the server's error", async () => {
    await using child = await ready();
    const error = { code: -32000, message: `${"🙂".repeat(50_000)}`, data: "d".repeat(100_000) };
    const failure = await call(child.session, "error", error).catch((thrown: ManagerError) => thrown);
    expect(failure).toBeInstanceOf(ManagerError);
    if (!(failure instanceof ManagerError)) return;
    expect(failure.message.length).toBeLessThan(1024);
    expect(failure.message.endsWith("🙂…")).toBe(true);
    expect(Buffer.byteLength(failure.details.rpcData ?? "")).toBe(1024);
  });

  it("says that there is no such tool, from the error and the listing", async () => {
    await using child = await ready();
    await expect(call(child.session, "no such")).rejects.toMatchObject({
      kind: "not_found",
      message: 'the server has no tool "no such"; ListTools shows those it has',
      details: { reason: "TOOL_NOT_FOUND", delivery: "answered", rpcCode: -32602 },
    });
  });

  it("puts tool names on the wire as JSON strings", async () => {
    await using child = await ready();
    const tool = 'x"}}\n{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo"}}\u2028';
    await expect(call(child.session, tool)).rejects.toMatchObject({ details: { reason: "TOOL_NOT_FOUND" } });
    const calls = (await receivedBy(child.session)).filter(({ method }) => method === "tools/call");
    expect(calls.map(({ params }) => params?.name)).toEqual([tool, "received"]);
  });

  it("passes the caller's _meta, without the keys that are the manager's", async () => {
    await using child = await ready();
    const metaJson = checkedJsonObject(
      `{"traceparent":"00-1","progressToken":5,"progress\\u0054oken":6,"io.modelcontextprotocol/x":1,
        "io.modelcontextprotocol.other":2,"nested":{"progressToken":7}}`,
      "meta_json",
    );
    await child.session.callTool({ tool: "echo", metaJson }, {});
    const messages = await receivedBy(child.session);
    expect(messages.find(({ method }) => method === "tools/call")?.params).toEqual({
      name: "echo",
      _meta: { traceparent: "00-1", "io.modelcontextprotocol.other": 2, nested: { progressToken: 7 } },
    });
  });

  it("refuses arguments that would end the session of servers on the TypeScript SDK", async () => {
    await using child = await ready();
    const argumentsJson = JSON.stringify({ text: "é".repeat(5_300_000) });
    await expect(child.session.callTool({ tool: "echo", argumentsJson }, {})).rejects.toMatchObject({
      kind: "invalid",
      details: { violations: [{ field: "arguments" }] },
    });
    const largest = JSON.stringify({ text: "x".repeat(10_400_000) });
    const result = await child.session.callTool({ tool: "echo", argumentsJson: largest }, {});
    expect(textOf(result)).toHaveLength(10_400_000);
  });
});

describe("Session, asked by the server", () => {
  it("answers a ping with an empty object", async () => {
    await using child = await ready();
    await call(child.session, "ask", { method: "ping" });
    expect(await receivedBy(child.session)).toContainEqual({ jsonrpc: "2.0", id: "ask-2", result: {} });
  });

  it.each(["sampling/createMessage", "roots/list", "elicitation/create", "no/such"])(
    "refuses %s: it declared no capabilities",
    async (method) => {
      await using child = await ready();
      await call(child.session, "ask", { method });
      const reply = (await receivedBy(child.session)).find(({ id }) => id === "ask-2");
      expect(reply).toMatchObject({ error: { code: -32601 } });
    },
  );

  it("hands on log notifications: strings as they are, other data as JSON", async () => {
    await using child = await ready();
    await call(child.session, "log", { level: "warning", data: "low on disk" });
    await call(child.session, "log", { level: "info", data: { a: 1 } });
    expect(child.heard.logs).toMatchObject([
      { level: "warning", text: "low on disk", isJson: false },
      { level: "info", text: '{"a":1}', isJson: true },
    ]);
  });
});

describe("Session, under load and under fire", () => {
  it("matches 300 concurrent calls with their replies, whatever their order", async () => {
    await using child = await ready();
    const calls = Array.from({ length: 300 }, (_, index) => {
      const text = `call ${index}`;
      if (index % 3 === 0) return call(child.session, "sleep", { ms: (index * 7) % 50, text });
      return call(child.session, "echo", { text });
    });
    const texts = (await Promise.all(calls)).map(textOf);
    expect(texts).toEqual(Array.from({ length: 300 }, (_, index) => `call ${index}`));
    expect(child.heard.stray).toEqual([]);
  });

  it("carries a result of 5 MB", async () => {
    await using child = await ready();
    expect(textOf(await call(child.session, "large", { bytes: 5_000_000 }))).toHaveLength(5_000_000);
  });

  it.each([false, true])("fails the one call whose result is too long (id last: %s), and lives on", async (idLast) => {
    await using child = openChildSession(hostile(), { maxLineBytes: 100_000 });
    await child.session.handshake({ era: "legacy" });
    const sleeping = call(child.session, "sleep", { ms: 50 });
    await expect(call(child.session, "large", { bytes: 1_000_000, idLast })).rejects.toMatchObject({
      kind: "too_much",
      details: { reason: "RESULT_TOO_LARGE", delivery: "answered" },
    });
    expect(textOf(await sleeping)).toBe("slept");
  });

  it("tells the server by the id on the wire that a call was given up", async () => {
    await using child = openChildSession(hostile(), { firstId: 500 });
    await child.session.handshake({ era: "legacy" });
    const controller = new AbortController();
    const given = call(child.session, "never", {}, controller.signal);
    await call(child.session, "echo");
    controller.abort(
      new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED", delivery: "sent" } }),
    );
    await expect(given).rejects.toMatchObject({ kind: "cancelled", details: { delivery: "sent" } });
    expect(await receivedBy(child.session)).toContainEqual({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 501, reason: "cancelled" },
    });
  });

  it("hears that the attachment ended when the server is killed in a call; its end loses the call", async () => {
    await using child = await ready();
    const lost = call(child.session, "never");
    await call(child.session, "echo");
    child.kill("SIGKILL");
    await child.heard.ended;
    const details = { exitCode: 137, oomKilled: false };
    child.session.end({ reason: "SERVER_EXITED", message: "it was killed", details });
    await expect(lost).rejects.toMatchObject({
      kind: "call_lost",
      details: { reason: "SERVER_EXITED", delivery: "sent", exitCode: 137, oomKilled: false },
    });
    await expect(call(child.session, "echo")).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("hears stderr, and takes it for no error", async () => {
    await using child = await ready();
    expect(textOf(await call(child.session, "stderr", { text: "warning: x" }))).toBe("said");
    // Another pipe than the reply's: it may come later.
    await expect.poll(() => child.heard.stderr.join("")).toBe("warning: x\n");
  });
});
