// What is told of a server that never came up, by every protocol: why, what it wrote, and for how long that can be seen.
import process from "node:process";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era, RestartPolicy, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { askers, type Failure, type Json, protocols } from "../../contract/ask.ts";
import {
  errorInfo,
  failureOf,
  hostileProcessSpec,
  type ManagerClient,
  randomName,
  TestManager,
} from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

/** Runs a Node program, which is given as text. */
const specOf = (program: string, more: Json = {}): Json => ({
  image: "i",
  command: [process.execPath],
  args: ["-e", program],
  // Started once: one that is asked for its era and exits is tried again.
  era: "ERA_LEGACY",
  ...more,
});
const briefly = { handshakeTimeout: "1s" };
const stays = "setInterval(() => {}, 1000)";

async function failedStart(program: string, more: Json = {}): Promise<Failure & { readonly name: string }> {
  const name = randomName();
  const failure = await askers(manager.url).gRPC("Start", { name, spec: specOf(program, more) });
  return { ...failure, name };
}

async function rest(path: string) {
  const response = await fetch(`${manager.url}${path}`);
  return { status: response.status, text: await response.text() };
}

async function linesOf(name: string): Promise<string[]> {
  const events = await Array.fromAsync(client.logs({ server: name }));
  return events.flatMap(({ event }) => (event.case === "line" ? [event.value.text] : []));
}

async function isListed(name: string): Promise<void> {
  const names = async () => (await client.list({ pageSize: 1000 })).servers.map((server) => server.name);
  await expect.poll(names).toContain(name);
}

describe.each(protocols)("A Start that fails, over %s,", (protocol) => {
  const start = (program: string, more: Json = {}) =>
    askers(manager.url)[protocol]("Start", { name: randomName(), spec: specOf(program, more) });

  it("says what the server wrote on stdout", async () => {
    const failure = await start("console.log('licence expired'); process.exitCode = 4");
    expect(failure).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "SERVER_EXITED",
      metadata: { delivery: "not_sent", exit_code: "4", stdout_tail: "licence expired" },
    });
    expect(failure.message).toMatch(/exited with code 4 before it finished the MCP handshake; Logs has what it wrote$/);
    expect(failure.metadata).not.toHaveProperty("stderr_tail");
  });

  it("says that the server wrote nothing", async () => {
    const failed = await start("process.exitCode = 4");
    expect(failed.message).toMatch(/exited with code 4 before it finished the MCP handshake and wrote nothing$/);
    const ended = await start("");
    expect(ended.message).toMatch(/exited with code 0 .* and wrote nothing; is it an MCP server on stdio\?$/);
  });

  it("says the reason that a long usage text follows", async () => {
    const usage = "console.error('SENTRY_ACCESS_TOKEN is missing'); console.error('usage '.repeat(1000) + 'end')";
    const { metadata } = await start(`${usage}; process.exitCode = 1`);
    expect(metadata.stderr_head).toMatch(/^SENTRY_ACCESS_TOKEN is missing\nusage /);
    expect(metadata.stderr_tail).toMatch(/usage end$/);
  });

  it("says that a server speaks HTTP", async () => {
    const say = "console.log('Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)')";
    const failure = await start(`${say}; ${stays}`, briefly);
    expect(failure).toMatchObject({ reason: "HANDSHAKE_TIMEOUT", code: Code.FailedPrecondition });
    expect(failure.message).toContain('it seems to speak HTTP ("Uvicorn running on http://0.0.0.0:8000');
    expect(failure.message).toContain("tell it to use stdio");
  });

  it.each(["stdout", "stderr"])("says what a server asks on %s", async (stream) => {
    const failure = await start(`process.${stream}.write('Enter API token: '); ${stays}`, briefly);
    expect(failure.reason).toBe("HANDSHAKE_TIMEOUT");
    expect(failure.metadata[`${stream}_tail`]).toBe("Enter API token: ");
    expect(failure.message).toContain('it seems to wait for an answer to "Enter API token:"');
  });

  it("says a message that a server never ended", async () => {
    const { metadata } = await start(`process.stdout.write('{"jsonrpc":"2.0","id":1'); ${stays}`, briefly);
    expect(metadata.stdout_tail).toBe('{"jsonrpc":"2.0","id":1');
  });
});

describe("A server whose first Start failed", () => {
  const program = "console.log('on stdout'); console.error('on stderr'); process.exitCode = 3";

  it("is shown by Get, as FAILED and why", async () => {
    const { name } = await failedStart(program);
    const { server } = await client.get({ name });
    expect(server).toMatchObject({
      name,
      state: ServerState.FAILED,
      instances: [],
      lastError: { reason: "SERVER_EXITED", exitCode: 3, stdoutTail: "on stdout", stderrTail: "on stderr" },
    });
    const byRest = await rest(`/servers/${name}`);
    expect(byRest.status).toBe(200);
    expect(JSON.parse(byRest.text)).toMatchObject({ server: { state: "SERVER_STATE_FAILED" } });
  });

  it("has its log, which followers see the end of", async () => {
    const { name } = await failedStart(program);
    expect((await linesOf(name)).sort()).toEqual(["on stderr", "on stdout"]);
    const followed = await Array.fromAsync(client.logs({ server: name, follow: true }));
    expect(followed.at(-1)?.event).toMatchObject({ case: "lifecycle", value: { state: ServerState.FAILED } });
    const byRest = await rest(`/servers/${name}/logs`);
    expect(byRest.status).toBe(200);
    expect(byRest.text).toContain("on stdout");
  });

  it("has all of a log that an error has no room for", async () => {
    const { name } = await failedStart(
      "for (let n = 0; n < 3000; n += 1) console.error('line', n); process.exitCode = 3",
    );
    expect(await linesOf(name)).toEqual(Array.from({ length: 3000 }, (_, index) => `line ${index}`));
  });

  it("is not listed, nor watched, and takes no calls, which are told why", async () => {
    const { name } = await failedStart(program);
    expect((await client.list({ pageSize: 1000 })).servers.map((server) => server.name)).not.toContain(name);
    const watch = client.watch({})[Symbol.asyncIterator]();
    const { event } = (await watch.next()).value;
    await watch.return?.();
    expect(
      event.case === "snapshot" && event.value.servers.map((server: { name: string }) => server.name),
    ).not.toContain(name);
    for (const protocol of protocols) {
      const failure = await askers(manager.url)[protocol]("CallTool", { server: name, tool: "echo" });
      expect([protocol, failure]).toEqual([
        protocol,
        expect.objectContaining({
          code: Code.NotFound,
          reason: "SERVER_NOT_FOUND",
          message: expect.stringContaining("its start failed"),
          metadata: expect.objectContaining({ delivery: "not_sent", failure_reason: "SERVER_EXITED", exit_code: "3" }),
        }),
      ]);
    }
    for (const rpc of ["Start", "Restart"]) {
      const failure = await askers(manager.url).gRPC(rpc, { name });
      expect([rpc, failure.reason]).toEqual([rpc, "SERVER_NOT_FOUND"]);
    }
    expect((await client.stop({ name })).found).toBe(false);
    expect((await client.get({ name })).server?.state).toBe(ServerState.FAILED);
  });

  it("gives way to a Start of that name with any spec, of which nothing is left but its own", async () => {
    const { name } = await failedStart(program);
    expect((await client.start({ name, spec: hostileProcessSpec() })).server?.state).toBe(ServerState.READY);
    expect((await client.get({ name })).server?.lastError).toBeUndefined();
    expect(await linesOf(name)).toEqual([]);
    await client.stop({ name });
    expect(errorInfo(await failureOf(client.get({ name })))).toMatchObject({ code: Code.NotFound });
  });

  it("of several copies is shown, too", async () => {
    const { name } = await failedStart(program, { replicas: 2 });
    const { server } = await client.get({ name });
    expect(server).toMatchObject({ state: ServerState.FAILED, lastError: { reason: "SERVER_EXITED", exitCode: 3 } });
    expect((await linesOf(name)).sort()).toEqual(["on stderr", "on stderr", "on stdout", "on stdout"]);
  });

  it("by a Stop has not failed, and nothing is kept of it", async () => {
    const name = randomName();
    const starting = failureOf(client.start({ name, spec: hostileProcessSpec("--silent") }));
    await isListed(name);
    await client.stop({ name });
    expect(errorInfo(await starting)).toMatchObject({ reason: "START_CANCELLED" });
    expect(errorInfo(await failureOf(client.get({ name })))).toMatchObject({ code: Code.NotFound });
  });
});

describe("A line without its end", () => {
  it.each(["stderr", "stdout"])("on %s is in Logs while the server runs", async (stream) => {
    const name = randomName();
    const spec = { image: "i", command: [process.execPath], era: Era.LEGACY };
    const args = ["-e", `process.${stream}.write('Enter API token: '); ${stays}`];
    const starting = failureOf(client.start({ name, spec: { ...spec, args } }));
    await isListed(name);
    const shown: object[] = [];
    for await (const { event } of client.logs({ server: name, follow: true })) {
      if (event.case === "line") shown.push(event.value);
      if (shown.length > 0) break;
    }
    expect(shown).toMatchObject([{ text: "Enter API token: ", partial: true }]);
    await client.stop({ name });
    await starting;
  });
});

describe("Who waits for a server that comes up slowly", () => {
  it("is told at the deadline what it is doing, as caller of Start and of a tool", async () => {
    // By REST: other clients end at their deadline by themselves, and may do so first.
    const ask = askers(manager.url).REST;
    const name = randomName();
    const spec = specOf(stays, { handshakeTimeout: "60s" });
    expect(await ask("Start", { name, spec }, { timeoutMs: 1500 })).toMatchObject({
      code: Code.DeadlineExceeded,
      reason: "DEADLINE_EXCEEDED",
      message: `the caller's deadline passed before server ${name} was ready: it is handshaking, and that goes on; see Get and Logs`,
      metadata: { delivery: "not_sent", server: name },
    });
    expect(await ask("CallTool", { server: name, tool: "x" }, { timeoutMs: 300 })).toMatchObject({
      reason: "SERVER_NOT_READY",
      message: `server ${name} was not ready before the call's deadline; it is handshaking; see Get and Logs`,
    });
    await client.stop({ name });
  });
});

describe("A call that waited in vain", () => {
  it.each(protocols)("is told why the server is down, over %s", async (protocol) => {
    const name = randomName();
    const restart = { policy: RestartPolicy.ALWAYS, initialBackoff: { seconds: 60n } };
    const callTimeout = { seconds: 0n, nanos: 300_000_000 };
    await client.start({ name, spec: { ...hostileProcessSpec(), restart, callTimeout } });
    await failureOf(
      client.callTool({
        server: name,
        tool: "exit",
        input: { case: "arguments", value: { code: 9, stderr: "disk is gone\n" } },
      }),
    );
    await expect.poll(async () => (await client.get({ name })).server?.state).toBe(ServerState.BACKING_OFF);
    const failure = await askers(manager.url)[protocol]("CallTool", { server: name, tool: "echo" });
    expect(failure).toMatchObject({
      code: Code.Unavailable,
      reason: "SERVER_NOT_READY",
      message: `server ${name} was not ready before the call's deadline; it is backing off: server ${name} exited with code 9`,
      metadata: { delivery: "not_sent", failure_reason: "SERVER_EXITED", exit_code: "9", stderr_tail: "disk is gone" },
    });
    await client.stop({ name });
  });
});
