import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InstanceExit } from "../../../src/runtime/runtime.ts";
import { TestFleet } from "./test-fleet.ts";

const { spec } = TestFleet;

/** What a watch tells about each instance. */
class Exits {
  readonly #exits = new Map<string, PromiseWithResolvers<InstanceExit>>();
  readonly #removed = new Map<string, PromiseWithResolvers<void>>();

  exit(id: string, exit: InstanceExit): void {
    entry(this.#exits, id).resolve(exit);
  }

  removed(id: string): void {
    entry(this.#removed, id).resolve();
  }

  resync(): void {}

  exitOf(id: string): Promise<InstanceExit> {
    return entry(this.#exits, id).promise;
  }

  removalOf(id: string): Promise<void> {
    return entry(this.#removed, id).promise;
  }
}

function entry<T>(map: Map<string, PromiseWithResolvers<T>>, id: string): PromiseWithResolvers<T> {
  const known = map.get(id) ?? Promise.withResolvers<T>();
  map.set(id, known);
  return known;
}

describe("an instance's end on an engine", () => {
  const fleet = new TestFleet();
  const { runtime } = fleet;
  const exits = new Exits();
  beforeAll(() => {
    runtime.watch(exits);
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("is told with the exit code, and its removal too", async () => {
    const { record } = await fleet.start(spec("exiter.mjs", { args: ["exiter.mjs", "7"] }));
    expect(await exits.exitOf(record.id)).toEqual({ exitCode: 7, oomKilled: false });
    expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 7, oomKilled: false });
    await runtime.remove(record.id, {});
    await exits.removalOf(record.id);
  });

  test("by lack of memory is told as such", async () => {
    const limits = { memoryBytes: 128 * 1024 * 1024 };
    const { record, sink, attachment } = await fleet.start(spec("memory-hog.mjs", { limits }));
    await sink.until(({ out }) => out === "ready\n");
    attachment.write(Buffer.from("go\n"));
    expect(await exits.exitOf(record.id)).toEqual({ exitCode: 137, oomKilled: true });
    expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 137, oomKilled: true });
  });

  test("comes by SIGTERM, through Init, for a program without a handler", async () => {
    const { record, sink } = await fleet.start(spec("echo.mjs"));
    await sink.until(({ err }) => err !== "");
    await runtime.stop(record.id, { graceMs: 60_000 });
    expect(await exits.exitOf(record.id)).toEqual({ exitCode: 143, oomKilled: false });
  });

  test("comes by SIGKILL after the grace for a program that ignores SIGTERM", async () => {
    const { record, sink } = await fleet.start(spec("term-ignorer.mjs"));
    await sink.until(({ out }) => out === "ready\n");
    await runtime.stop(record.id, { graceMs: 300 });
    expect(await exits.exitOf(record.id)).toEqual({ exitCode: 137, oomKilled: false });
    await sink.ended;
    expect(sink.out).toBe("ready\nignored SIGTERM\n");
  });

  test("comes at once, without SIGTERM, when there is no grace", async () => {
    const { record, sink } = await fleet.start(spec("term-ignorer.mjs"));
    await sink.until(({ out }) => out === "ready\n");
    await runtime.stop(record.id, { graceMs: 0 });
    await sink.ended;
    expect(sink.out).toBe("ready\n");
    expect((await runtime.inspect(record.id, {}))?.state).toBe("exited");
  });

  test("is no longer waited for when the caller leaves, and not forced then", async () => {
    const { record, sink } = await fleet.start(spec("term-ignorer.mjs"));
    await sink.until(({ out }) => out === "ready\n");
    const abort = new AbortController();
    const stopping = runtime.stop(record.id, { graceMs: 60_000, signal: abort.signal });
    await sink.until(({ out }) => out.includes("ignored"));
    abort.abort();
    await expect(stopping).rejects.toMatchObject({ kind: "cancelled" });
    expect((await runtime.inspect(record.id, {}))?.state).toBe("running");
  });

  test("needs no stop when the instance never ran or has exited", async () => {
    const created = await fleet.create(spec("echo.mjs"));
    await runtime.stop(created.id, { graceMs: 60_000 });
    const { record } = await fleet.start(spec("exiter.mjs"));
    await exits.exitOf(record.id);
    await runtime.stop(record.id, { graceMs: 60_000 });
  });
});

describe("markStopping on an engine", () => {
  const fleet = new TestFleet();
  const { runtime } = fleet;
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("shows in the name, frees the server's name, and copes with an earlier one", async () => {
    const first = await fleet.create(spec("echo.mjs"), "files");
    await runtime.markStopping(first.id, {});
    await runtime.markStopping(first.id, {});
    const second = await fleet.create(spec("echo.mjs"), "files");
    await runtime.markStopping(second.id, {});
    const third = await fleet.create(spec("echo.mjs"), "files");
    const stopping = new Map((await runtime.list({})).map((record) => [record.id, record.stopping]));
    expect(stopping.get(first.id)).toBe(true);
    expect(stopping.get(second.id)).toBe(true);
    expect(stopping.get(third.id)).toBe(false);
  });
});
