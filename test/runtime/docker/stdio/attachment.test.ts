import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { Engine } from "../../../../src/runtime/docker/engine/engine.ts";
import { openAttachment } from "../../../../src/runtime/docker/stdio/attachment.ts";
import { Recorder } from "../../recorder.ts";
import { FakeEngine, frame, switchingProtocols } from "../fake-engine.ts";

/** An engine that upgrades every attach and lets the test play the container. */
async function upgradingEngine(greeting: Buffer = Buffer.alloc(0)) {
  const { promise: container, resolve } = Promise.withResolvers<Socket>();
  const engine = await FakeEngine.listen(
    (_request, response) => response.writeHead(500).end('{"message":"no"}'),
    (socket) => {
      socket.write(Buffer.concat([Buffer.from(switchingProtocols), greeting]));
      resolve(socket);
    },
  );
  return { engine, container };
}

const id = "abc0".repeat(16);

async function attach(engine: FakeEngine, sink: Recorder, signal?: AbortSignal) {
  return openAttachment(id, sink, { engine: new Engine({ dockerHost: engine.dockerHost }), signal });
}

describe("Attachment", () => {
  test("loses no byte that comes together with the engine's response", async () => {
    const { engine, container } = await upgradingEngine(frame(1, "first"));
    await using _engine = engine;
    const sink = new Recorder();
    await attach(engine, sink);
    (await container).write(frame(1, " second"));
    await sink.until(({ out }) => out === "first second");
  });

  test("ends once, without an error, when the engine closes the stream", async () => {
    const { engine, container } = await upgradingEngine();
    await using _engine = engine;
    const sink = new Recorder();
    const attachment = await attach(engine, sink);
    (await container).end(frame(2, "bye"));
    expect(await sink.ended).toBeUndefined();
    attachment.close();
    expect(sink.err).toBe("bye");
    expect(sink.ends).toBe(1);
  });

  test("ends once when it is closed, and drops what is written after", async () => {
    const { engine } = await upgradingEngine();
    await using _engine = engine;
    const sink = new Recorder();
    const attachment = await attach(engine, sink);
    attachment.close();
    attachment.close();
    expect(attachment.write(Buffer.from("late"))).toBe(true);
    expect(await sink.ended).toBeUndefined();
    expect(attachment.write(Buffer.from("later"))).toBe(true);
    expect(sink.ends).toBe(1);
  });

  test("survives writes to a stream whose other end is gone", async () => {
    const { engine, container } = await upgradingEngine();
    await using _engine = engine;
    const sink = new Recorder();
    const attachment = await attach(engine, sink);
    (await container).destroy();
    for (let count = 0; count < 100; count++) attachment.write(Buffer.alloc(65_536));
    await sink.ended;
    expect(sink.ends).toBe(1);
  });

  test("ends with an error when the stream is corrupt, and closes the connection", async () => {
    const { engine, container } = await upgradingEngine();
    await using _engine = engine;
    const sink = new Recorder();
    await attach(engine, sink);
    const socket = await container;
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write("HTTP/1.1 500 oh");
    expect(await sink.ended).toEqual(expect.objectContaining({ message: expect.stringContaining("corrupt") }));
    await closed;
  });

  test("ends with an error when a corrupt frame comes together with the engine's response", async () => {
    const { engine } = await upgradingEngine(Buffer.from("HTTP/1.1 500 oh"));
    await using _engine = engine;
    const sink = new Recorder();
    await attach(engine, sink);
    expect(await sink.ended).toBeInstanceOf(Error);
  });

  test("says false when the container does not read, and drain when it does again", async () => {
    const { engine, container } = await upgradingEngine();
    await using _engine = engine;
    const sink = new Recorder();
    const attachment = await attach(engine, sink);
    const socket = await container;
    socket.pause();
    for (let count = 0; count < 1_000 && attachment.write(Buffer.alloc(65_536)); count++);
    expect(attachment.write(Buffer.from("x"))).toBe(false);
    expect(sink.drains).toBe(0);
    socket.resume();
    await sink.until(({ drains }) => drains > 0);
    attachment.close();
  });

  test("lets other work run while the container floods stdout and stderr, and hands on every byte before its end", async () => {
    const { engine, container } = await upgradingEngine();
    await using _engine = engine;
    const sink = new Recorder();
    await attach(engine, sink);
    const noise = "y\n".repeat(64 * 1024);
    let turns = 0;
    const nextTurn = () => {
      turns += 1;
      if (sink.ends === 0) setImmediate(nextTurn);
    };
    setImmediate(nextTurn);
    (await container).end(Buffer.concat([frame(1, noise), frame(2, noise)]));
    expect(await sink.ended).toBeUndefined();
    expect([sink.out, sink.err]).toEqual([noise, noise]);
    expect(turns).toBeGreaterThan(128);
  });

  test("leaves no connection behind when the caller leaves before the engine answers", async () => {
    const abort = new AbortController();
    const { promise: asked, resolve } = Promise.withResolvers<Socket>();
    await using engine = await FakeEngine.listen(() => {}, resolve);
    const sink = new Recorder();
    const attaching = attach(engine, sink, abort.signal);
    const socket = await asked;
    const closed = new Promise((closing) => socket.on("close", closing));
    abort.abort();
    await expect(attaching).rejects.toMatchObject({ kind: "cancelled" });
    await closed;
    expect(sink.ends).toBe(0);
  });

  test("leaves no connection behind when the engine does not answer in time", async () => {
    await using engine = await FakeEngine.listen(
      () => {},
      () => {},
    );
    const impatient = new Engine({ dockerHost: engine.dockerHost, requestTimeoutMs: 50 });
    await expect(openAttachment(id, new Recorder(), { engine: impatient })).rejects.toMatchObject({
      details: { reason: "ENGINE_UNAVAILABLE" },
    });
    await expect.poll(() => engine.openConnections).toBe(0);
  });

  test("leaves no connection behind when the engine refuses", async () => {
    await using engine = await FakeEngine.listen(
      (_request, response) => response,
      (socket) => {
        const body = '{"message":"No such container: abc"}';
        socket.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      },
    );
    const sink = new Recorder();
    await expect(attach(engine, sink)).rejects.toMatchObject({
      kind: "not_found",
      message: expect.stringContaining("No such container: abc"),
    });
    expect(sink.ends).toBe(0);
  });

  const refusals = [
    { engine: "Docker", status: 409, body: { message: "Container abc is paused, unpause the container first" } },
    {
      engine: "Podman",
      status: 500,
      body: {
        cause: "container state improper",
        message:
          "can only attach to created or running containers - currently in state paused: container state improper",
      },
    },
  ];
  const refusing = (paused: boolean, { status, body }: (typeof refusals)[number]) =>
    FakeEngine.listen(
      (_request, response) => response.end(JSON.stringify({ State: { Paused: paused } })),
      (socket) => {
        const text = JSON.stringify(body);
        socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
      },
    );

  test.each(refusals)("of a paused container says so: $engine", async (refusal) => {
    await using engine = await refusing(true, refusal);
    await expect(attach(engine, new Recorder())).rejects.toMatchObject({
      kind: "not_running",
      details: { reason: "CONTAINER_PAUSED", delivery: "not_sent" },
    });
  });

  test.each(refusals)("of one that is not paused passes the engine's words on: $engine", async (refusal) => {
    await using engine = await refusing(false, refusal);
    await expect(attach(engine, new Recorder())).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining(refusal.body.message),
      details: { reason: "ENGINE_CONFLICT", delivery: "not_sent" },
    });
  });

  test("rejects as unavailable when the engine hangs up instead of answering", async () => {
    await using engine = await FakeEngine.listen(() => {});
    await expect(attach(engine, new Recorder())).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "ENGINE_UNAVAILABLE", delivery: "not_sent" },
    });
  });
});
