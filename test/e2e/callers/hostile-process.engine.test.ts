// Sins of a server's process. hostile.engine.test.ts has the table of all.
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { errorInfo, failureOf, hostileSpec, randomName, textOf } from "../test-manager.ts";
import { type Sinner, Stage } from "./hostile/stage.ts";

const ringBytes = 65_536;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ MCPM_LOG_RING_BYTES: String(ringBytes) });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** What the engine says of the sinner's container. */
async function engineState({ containerId }: Sinner) {
  return (await stage.manager.engine.docker.getContainer(containerId).inspect()).State;
}

async function expectFailed(sinner: Sinner, exitCode: number): Promise<void> {
  await expect.poll(async () => (await stage.get(sinner.name)).state).toBe(ServerState.FAILED);
  expect((await stage.get(sinner.name)).lastError).toMatchObject({ exitCode });
  expect(await engineState(sinner)).toMatchObject({ Running: false, ExitCode: exitCode });
}

describe("A server that", () => {
  it("exits in the middle of a line fails its calls: sent, with the exit code and stderr", async () => {
    await using sinner = await stage.start();
    await stage.witnessed(async () => {
      await sinner.call("stderr", { text: "last words" });
      const other = failureOf(sinner.call("never"));
      const half = failureOf(sinner.call("half", { code: 5 }));
      for (const failure of await Promise.all([half, other])) {
        expect(errorInfo(failure)).toMatchObject({
          code: Code.Aborted,
          reason: "SERVER_EXITED",
          delivery: "sent",
          exit_code: "5",
          stderr_tail: "last words",
        });
      }
      await expectFailed(sinner, 5);
    });
    await stage.expectGoneWithoutTrace(sinner.name);
  });

  it("floods stderr is answered, and its log keeps the newest within its bound", async () => {
    await using sinner = await stage.start();
    await stage.witnessed(async () => {
      const flood = { text: "x".repeat(1000), count: 30_000 };
      expect(textOf(await sinner.call("stderr", flood))).toBe("said");
      await sinner.call("stderr", { text: "the end" });
      const { name: server } = sinner;
      const newest = async () => (await Array.fromAsync(stage.client.logs({ server, tail: 1 }))).at(-1)?.event.value;
      await expect.poll(newest).toMatchObject({ text: "the end" });
      const events = await Array.fromAsync(stage.client.logs({ server }));
      const bytes = events.map(({ event }) => (event.case === "line" ? event.value.text.length : 0));
      expect(bytes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(ringBytes);
    });
    await stage.expectAlive(sinner);
    await stage.expectGoneWithoutTrace(sinner.name);
  });

  it("ignores SIGTERM is killed when the grace is over", async () => {
    await using sinner = await stage.start(["--ignore-term"]);
    const container = stage.manager.engine.docker.getContainer(sinner.containerId);
    const ended = container.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
    await stage.witnessed(async () => stage.expectGoneWithoutTrace(sinner.name));
    expect((await ended).StatusCode).toBe(137);
  });

  it("leaves children behind that hold its stdout takes them along, and its calls fail at once", async () => {
    await using sinner = await stage.start();
    await stage.witnessed(async () => {
      await sinner.call("fork");
      const other = failureOf(sinner.call("never"));
      const exit = await failureOf(sinner.call("exit", { code: 3 }));
      expect(errorInfo(exit)).toMatchObject({ reason: "SERVER_EXITED", exit_code: "3", delivery: "sent" });
      expect(errorInfo(await other)).toMatchObject({ reason: "SERVER_EXITED", exit_code: "3", delivery: "sent" });
      await expectFailed(sinner, 3);
    });
    await stage.expectGoneWithoutTrace(sinner.name);
  });

  it("is slow to shake hands is waited for, and calls made meanwhile with it", async () => {
    const name = randomName();
    await stage.witnessed(async () => {
      const watch = stage.client.watch({})[Symbol.asyncIterator]();
      await watch.next(); // the snapshot
      const start = stage.client.start({ name, spec: hostileSpec("--handshake-ms", "400") });
      for (let state: ServerState | undefined; state !== ServerState.HANDSHAKING; ) {
        const { event } = (await watch.next()).value;
        if (event.case === "change" && event.value.server?.name === name) ({ state } = event.value.server);
      }
      await watch.return?.();
      const input = { case: "arguments", value: { text: "patient" } } as const;
      expect(textOf(await stage.client.callTool({ server: name, tool: "echo", input }))).toBe("patient");
      expect((await start).server?.state).toBe(ServerState.READY);
    });
    await stage.expectGoneWithoutTrace(name);
  });

  it("is slower than its handshake_timeout is not kept", async () => {
    const name = randomName();
    await stage.witnessed(async () => {
      const handshakeTimeout = { seconds: 0n, nanos: 300_000_000 };
      const spec = { ...hostileSpec("--handshake-ms", "60000"), handshakeTimeout };
      const failure = await failureOf(stage.client.start({ name, spec }));
      expect(errorInfo(failure)).toMatchObject({ code: Code.FailedPrecondition, reason: "HANDSHAKE_TIMEOUT" });
    });
    await stage.expectOnlyTheWitness();
  });
});

it("Servers that sin all at once leave the witness alone, and leave nothing", async () => {
  const sinners = await Promise.all([[], ["--banner"], ["--ignore-term"], [], [], []].map((args) => stage.start(args)));
  const [replies, noise, stubborn, deaf, flood, crash] = sinners as [Sinner, Sinner, Sinner, Sinner, Sinner, Sinner];
  const reply = '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}';
  const left = new AbortController();
  const leaving = { signal: left.signal };
  await stage.witnessed(async () => {
    await deaf.call("deaf");
    const abandoned = [
      stubborn.call("never", {}, leaving),
      ...Array.from({ length: 8 }, () => deaf.call("echo", { text: "x".repeat(1_000_000) }, leaving)),
    ].map(failureOf);
    const answered = [
      replies.call("lines", { lines: [reply.replace("ID", "7"), reply, reply, "[", "{", "noise"] }),
      noise.call("pieces", { text: "slowly", bytes: 1 }),
      flood.call("stderr", { text: "x".repeat(1000), count: 10_000 }),
    ];
    await Promise.all(answered);
    expect(errorInfo(await failureOf(crash.call("half", { code: 1 })))).toMatchObject({ reason: "SERVER_EXITED" });
    left.abort();
    await Promise.all(abandoned);
  });
  const gracePeriod = { seconds: 0n };
  await Promise.all(sinners.map(({ name }) => stage.client.stop({ name, gracePeriod })));
  await stage.expectOnlyTheWitness();
});
