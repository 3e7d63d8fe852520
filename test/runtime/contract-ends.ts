import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Contract } from "./contract.ts";
import { Exits } from "./exits.ts";

/** Ends with 5 when told to on stdin, and leaves a child with its stdio that wants to stay. */
const forker = `import { spawn } from "node:child_process";
  const stay = "process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); console.log('child'); setInterval(() => {}, 1000)";
  spawn(process.execPath, ["-e", stay], { stdio: ["ignore", "inherit", "inherit"] });
  process.stdin.once("data", () => process.exit(5));`;

/** How an instance ends, and who is told. */
export function describeEnds({ open }: Contract): void {
  describe("the end of an instance", () => {
    const instances = open();
    const { runtime } = instances;
    const exits = new Exits();
    let watch: AsyncDisposable;
    beforeAll(() => {
      watch = runtime.watch(exits);
    });
    afterAll(async () => {
      await watch[Symbol.asyncDispose]();
      await instances[Symbol.asyncDispose]();
    });

    test("is told with the exit code, and its removal too", async () => {
      const { record } = await instances.start(instances.spec("exiter.mjs", { args: ["exiter.mjs", "7"] }));
      const exit = { exitCode: 7, oomKilled: false };
      expect(await exits.exitOf(record.id)).toEqual(exit);
      expect(await runtime.inspect(record.id, {})).toMatchObject({ state: "exited", exit });
      await runtime.remove(record.id, {});
      await exits.removalOf(record.id);
      expect(exits.told.filter((id) => id === record.id)).toHaveLength(2);
    });

    test("by a signal from elsewhere is told as 128 and the signal's number", async () => {
      const program = "console.log(process.pid); process.stdin.resume()";
      const { record, sink } = await instances.start(instances.spec(program));
      await sink.until(({ out }) => out.endsWith("\n"));
      await instances.signal({ id: record.id, pid: Number(sink.out) }, "SIGKILL");
      expect(await exits.exitOf(record.id)).toEqual({ exitCode: 137, oomKilled: false });
    });

    test("takes along what it forked", async () => {
      const { record, sink, attachment } = await instances.start(instances.spec(forker));
      await sink.until(({ out }) => out === "child\n");
      attachment.write(Buffer.from("go"));
      expect(await exits.exitOf(record.id)).toEqual({ exitCode: 5, oomKilled: false });
      expect(await sink.ended).toBeUndefined();
    });

    test("comes soon after stop for a server without a handler, by SIGTERM where there is no EOF", async () => {
      const { record, sink } = await instances.start(instances.spec("echo.mjs"));
      await sink.until(({ err }) => err !== "");
      await runtime.stop(record.id, { graceMs: 60_000 });
      const exitCode = runtime.capabilities.eofFirst ? 0 : 143;
      expect(await exits.exitOf(record.id)).toEqual({ exitCode, oomKilled: false });
      expect(await runtime.inspect(record.id, {})).toMatchObject({ state: "exited", exit: { exitCode } });
    });

    test("comes by SIGKILL after the grace for a server that ignores all else", async () => {
      const { record, sink } = await instances.start(instances.spec("term-ignorer.mjs"));
      await sink.until(({ out }) => out === "ready\n");
      await runtime.stop(record.id, { graceMs: 300 });
      expect(await exits.exitOf(record.id)).toEqual({ exitCode: 137, oomKilled: false });
      await sink.ended;
      expect(sink.out).toBe("ready\nignored SIGTERM\n");
    });

    test("comes at once, without SIGTERM, when there is no grace", async () => {
      const { record, sink } = await instances.start(instances.spec("term-ignorer.mjs"));
      await sink.until(({ out }) => out === "ready\n");
      await runtime.stop(record.id, { graceMs: 0 });
      await sink.ended;
      expect(sink.out).toBe("ready\n");
      expect((await runtime.inspect(record.id, {}))?.state).toBe("exited");
    });

    test("is no longer waited for when the caller leaves, and not forced then", async () => {
      const { record, sink } = await instances.start(instances.spec("term-ignorer.mjs"));
      await sink.until(({ out }) => out === "ready\n");
      const abort = new AbortController();
      const stopping = runtime.stop(record.id, { graceMs: 60_000, signal: abort.signal });
      await sink.until(({ out }) => out.includes("ignored"));
      abort.abort();
      await expect(stopping).rejects.toMatchObject({ kind: "cancelled" });
      expect((await runtime.inspect(record.id, {}))?.state).toBe("running");
    });

    test("needs no stop when the instance never ran or has exited", async () => {
      const created = await instances.create(instances.spec("echo.mjs"));
      await runtime.stop(created.id, { graceMs: 60_000 });
      expect((await runtime.inspect(created.id, {}))?.state).toBe("created");
      const { record } = await instances.start(instances.spec("exiter.mjs"));
      await exits.exitOf(record.id);
      await runtime.stop(record.id, { graceMs: 60_000 });
    });

    test("is not told to a watch that was disposed", async () => {
      const deaf = new Exits();
      await runtime.watch(deaf)[Symbol.asyncDispose]();
      const { record } = await instances.start(instances.spec("exiter.mjs"));
      await exits.exitOf(record.id);
      expect(deaf.told).toEqual([]);
    });
  });
}
