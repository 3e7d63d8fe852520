import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { silentLog } from "../../../../src/base/log/log.ts";
import { Engine } from "../../../../src/runtime/docker/engine/engine.ts";
import { EventStream } from "../../../../src/runtime/docker/engine/event-stream.ts";
import { FakeEngine } from "../fake-engine.ts";

const id = "c".repeat(64);
const startMs = 1_700_000_000_123;

/** An engine whose event streams the test opens, writes and breaks. */
async function eventEngine(state = { OOMKilled: false }) {
  const opened: { url: URL; response: ServerResponse }[] = [];
  const waiting: (() => void)[] = [];
  const engine = await FakeEngine.listen((request, response) => {
    if (request.url?.startsWith("/containers/")) {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ State: state }));
      return;
    }
    response.writeHead(200).flushHeaders();
    opened.push({ url: new URL(request.url ?? "", "http://engine"), response });
    waiting.shift()?.();
  });
  const next = async (count: number) => {
    while (opened.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return opened[count - 1] as (typeof opened)[number];
  };
  return { engine, next };
}

function event(action: string, options: { id?: string; nano: string; attributes?: Record<string, string> }): string {
  const { id = "c1", nano, attributes = {} } = options;
  const actor = JSON.stringify({ ID: id, Attributes: attributes });
  return `{"Type":"container","Action":"${action}","Actor":${actor},"time":1,"timeNano":${nano}}\n`;
}

/** What a watch tells, in order, and a way to wait for it. */
function listening(engine: FakeEngine) {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const tell = (text: string) => {
    told.push(text);
    for (const look of waiting) look();
  };
  const stream = new EventStream({
    engine: new Engine({ dockerHost: engine.dockerHost }),
    fleet: "blue",
    log: silentLog,
    now: () => startMs,
    listener: {
      outOfMemory: (id) => tell(`oom ${id}`),
      exit: (id, exit) => tell(`exit ${id} ${exit.exitCode} ${exit.oomKilled}`),
      removed: (id) => tell(`removed ${id}`),
      changed: (id) => tell(`changed ${id}`),
      broken: () => tell("broken"),
      resync: () => tell("resync"),
    },
  });
  const until = (count: number) =>
    new Promise<string[]>((resolve) => {
      const look = () => told.length >= count && resolve([...told]);
      waiting.add(look);
      look();
    });
  return { stream, until };
}

describe("EventStream", () => {
  test("asks for what happens to this fleet's containers from the moment it was made", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    await using _stream = listening(engine).stream;
    const { url } = await next(1);
    expect(url.searchParams.get("since")).toBe("1700000000.123000000");
    expect(JSON.parse(url.searchParams.get("filters") ?? "")).toEqual({
      type: ["container"],
      event: ["die", "oom", "kill", "destroy", "remove", "start", "pause", "unpause"],
      label: ["managed-by=mcp-docker-manager", "mcpm.fleet=blue"],
    });
  });

  test("tells exits with their code, and that memory ran out when oom came before", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    response.write(event("die", { id: "a", nano: "1700000001000000001", attributes: { exitCode: "3" } }));
    response.write(event("oom", { id: "b", nano: "1700000001000000002" }));
    response.write(event("die", { id: "b", nano: "1700000001000000003", attributes: { exitCode: "137" } }));
    response.write(event("die", { id: "b", nano: "1700000001000000004", attributes: { exitCode: "0" } }));
    response.write(event("destroy", { id: "b", nano: "1700000001000000005" }));
    expect(await until(5)).toEqual(["exit a 3 false", "oom b", "exit b 137 true", "exit b 0 false", "removed b"]);
  });

  // Its events, as Podman 5.4.2 sends them.
  test("tells what Podman calls the same by another name, and a kill without its signal", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    const attributes = { containerExitCode: "143", exitCode: "143", podId: "" };
    response.write(event("kill", { id, nano: "1700000001000000001", attributes: { podId: "" } }));
    response.write(event("die", { id, nano: "1700000001000000002", attributes }));
    response.write(event("remove", { id, nano: "1700000001000000003", attributes: { containerExitCode: "143" } }));
    expect(await until(2)).toEqual([`exit ${id} 143 false`, `removed ${id}`]);
  });

  test("does not take a child's lack of memory for the cause of an exit", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    response.write(event("oom", { id: "a", nano: "1700000001000000001" }));
    response.write(event("die", { id: "a", nano: "1700000001000000002", attributes: { exitCode: "0" } }));
    response.write(event("oom", { id: "b", nano: "1700000001000000003" }));
    response.write(event("kill", { id: "b", nano: "1700000009000000004", attributes: { signal: "9" } }));
    response.write(event("die", { id: "b", nano: "1700000009000000005", attributes: { exitCode: "137" } }));
    expect(await until(4)).toEqual(["oom a", "exit a 0 false", "oom b", "exit b 137 false"]);
  });

  test("waits for an oom that comes after the exit, as under load", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    response.write(event("die", { id, nano: "1700000001000000001", attributes: { exitCode: "137" } }));
    response.write(event("oom", { id, nano: "1700000001180000000" }));
    expect(await until(2)).toEqual([`oom ${id}`, `exit ${id} 137 true`]);
  });

  test("tells an exit by SIGKILL before what comes after it", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    response.write(event("die", { id, nano: "1700000001000000001", attributes: { exitCode: "137" } }));
    response.write(event("start", { id, nano: "1700000001000000002" }));
    response.write(event("die", { id, nano: "1700000001000000003", attributes: { exitCode: "137" } }));
    response.write(event("destroy", { id, nano: "1700000001000000004" }));
    const killed = `exit ${id} 137 false`;
    expect(await until(4)).toEqual([killed, `changed ${id}`, killed, `removed ${id}`]);
  });

  test.each([true, false])("asks the engine about an exit by SIGKILL that nobody asked for: %s", async (flag) => {
    const { engine, next } = await eventEngine({ OOMKilled: flag });
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    response.write(event("die", { id, nano: "1700000001000000001", attributes: { exitCode: "137" } }));
    expect(await until(1)).toEqual([`exit ${id} 137 ${flag}`]);
  });

  test("reads an event that comes in pieces", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    const text = event("destroy", { id: "é", nano: "1700000001000000001" });
    for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
    expect(await until(1)).toEqual(["removed é"]);
  });

  test("reconnects after a break from the last event on, says resync, and tells nothing twice", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const first = await next(1);
    const known = event("die", { id: "a", nano: "1700000001000000007", attributes: { exitCode: "0" } });
    first.response.write(known);
    first.response.write(event("oom", { id: "b", nano: "1700000001000000008" }));
    await until(2);
    first.response.end();
    const second = await next(2);
    expect(second.url.searchParams.get("since")).toBe("1700000001.000000008");
    second.response.write(known);
    second.response.write(event("die", { id: "b", nano: "1700000001000000009", attributes: { exitCode: "137" } }));
    expect(await until(5)).toEqual(["exit a 0 false", "oom b", "broken", "resync", "exit b 137 true"]);
  });

  test("goes on telling when the engine's clock is set back an hour", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    const { response } = await next(1);
    response.write(event("die", { id: "a", nano: "1700003600000000000", attributes: { exitCode: "1" } }));
    response.write(event("die", { id: "b", nano: "1700000000000000000", attributes: { exitCode: "2" } }));
    expect(await until(2)).toEqual(["exit a 1 false", "exit b 2 false"]);
    response.destroy();
    const { url } = await next(2);
    expect(url.searchParams.get("since")).toBe("1700000000.000000000");
  });

  test("outlives a response that makes no sense", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream, until } = listening(engine);
    await using _stream = stream;
    (await next(1)).response.write("nonsense\n");
    await next(2);
    expect(await until(2)).toEqual(["broken", "resync"]);
  });

  test("closes its connection when disposed", async () => {
    const { engine, next } = await eventEngine();
    await using _engine = engine;
    const { stream } = listening(engine);
    const { response } = await next(1);
    const closed = new Promise((resolve) => response.on("close", resolve));
    await stream[Symbol.asyncDispose]();
    await closed;
  });
});
