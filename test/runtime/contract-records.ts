import { afterAll, describe, expect, test, vi } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { changedSecrets, SecretValues } from "../../src/base/spec/secret-values.ts";
import type { Contract } from "./contract.ts";
import { Recorder } from "./recorder.ts";

const nowhere = "0".repeat(64);
const marks = ["stopping", "restarting", "none"] as const;

/** What exists, and what it is. */
export function describeRecords({ open }: Contract): void {
  describe("an instance", () => {
    const instances = open();
    const { runtime } = instances;
    const { adoption } = runtime.capabilities;
    afterAll(() => instances[Symbol.asyncDispose]());

    test("goes from created to running, exited and gone, and its record tells", async () => {
      const spec = instances.spec("echo.mjs", { env: { TOKEN: "hunter2" }, labels: { team: "a" } });
      const { record, sink, attachment } = await instances.start(spec, "whole-life");
      expect(record).toMatchObject({
        server: "whole-life",
        instance: "1",
        replica: 0,
        spec,
        state: "created",
        mark: "none",
        usability: { kind: "usable" },
      });
      expect(record.startTimeMs).toBeUndefined();
      expect(record.exit).toBeUndefined();
      attachment.write(Buffer.from("hello\n"));
      await sink.until(({ out }) => out === "hello\n");
      const running = await runtime.inspect(record.id, {});
      expect(running).toMatchObject({ id: record.id, state: "running", spec });
      expect(running?.startTimeMs).toBeGreaterThanOrEqual(record.createTimeMs);
      await runtime.stop(record.id, { graceMs: 0 });
      const exit = { exitCode: 137, oomKilled: false };
      expect(await runtime.inspect(record.id, {})).toMatchObject({ id: record.id, state: "exited", exit });
      await runtime.remove(record.id, {});
      expect(await runtime.inspect(record.id, {})).toBeUndefined();
      expect((await runtime.list({})).map(({ id }) => id)).not.toContain(record.id);
    });

    test("is started again after its exit, under the same id and with its stdio", async () => {
      const { record, sink } = await instances.start(instances.spec("exiter.mjs"));
      await sink.ended;
      await runtime.stop(record.id, { graceMs: 0 });
      const second = new Recorder();
      await runtime.attach(record.id, second, {});
      expect(second.ends).toBe(0);
      const third = new Recorder();
      await runtime.run(record.id, third, {});
      await third.ended;
      expect(third.out).toBe("out\n");
      await second.ended;
      expect(second.out).toBe("out\n");
    });

    test("that runs already is not started a second time", async () => {
      const { record, sink, attachment } = await instances.start(instances.spec("echo.mjs"));
      const before = await runtime.inspect(record.id, {});
      const second = new Recorder();
      const other = await runtime.run(record.id, second, {});
      attachment.write(Buffer.from("same"));
      await sink.until(({ out }) => out === "same");
      await second.until(({ out }) => out === "same");
      other.close();
      expect(await runtime.inspect(record.id, {})).toEqual(before);
    });

    test("gets the environment of its spec, however large, and nothing of the manager's", async () => {
      vi.stubEnv("MCPM_TEST_SECRET", "the manager's own");
      const env = { A: "a".repeat(100_000), B: "b".repeat(100_000) };
      const program = "const e = process.env; console.log(e.A.length + e.B.length, e.MCPM_TEST_SECRET)";
      const { record, sink } = await instances.start(instances.spec(program, { env }));
      await sink.ended;
      vi.unstubAllEnvs();
      expect(sink.out).toBe("200000 undefined\n");
      expect((await runtime.inspect(record.id, {}))?.spec?.env).toEqual(env);
    });

    test("gets the values of its secrets in its environment, and its record tells whether those have changed", async () => {
      const of = (value: string, key = "k", digest = value) =>
        new SecretValues({ env: { KEY: value }, digests: [{ key, of: { KEY: digest } }] });
      const spec = instances.spec("console.log(process.env.KEY)", { env: { A: "b" }, secrets: { KEY: "github" } });
      const request = { server: "secrets", instance: "1", replica: 0, spec, secrets: of("hunter2", "k", "digest") };
      const record = await runtime.create(request, {});
      const sink = new Recorder();
      await runtime.run(record.id, sink, {});
      await sink.ended;
      expect(sink.out).toBe("hunter2\n");
      const held = (await runtime.inspect(record.id, {}))?.secrets;
      expect(record.spec).toEqual(spec);
      expect(changedSecrets(held, of("other", "k", "digest"))).toEqual([]);
      expect(changedSecrets(held, of("hunter2", "k", "other"))).toEqual(["KEY"]);
      // By another key: the values themselves are compared.
      expect(changedSecrets(held, of("hunter2", "lost"))).toEqual([]);
      expect(changedSecrets(held, of("other", "lost"))).toEqual(["KEY"]);
      expect(JSON.stringify([record, held, await runtime.list({})])).not.toContain("hunter2");
    });

    test("has its name for itself: a second one is a conflict, and the first is left alone", async () => {
      const record = await instances.create(instances.spec("echo.mjs"), "twice");
      await expect(instances.create(instances.spec("echo.mjs"), "twice")).rejects.toMatchObject({
        kind: "conflict",
        details: { reason: "NAME_TAKEN", server: "twice", delivery: "not_sent" },
      });
      expect(await runtime.inspect(record.id, {})).toMatchObject({ id: record.id, state: "created" });
    });

    test("says which era it was created for, and whose place it takes", async () => {
      const plain = await instances.create(instances.spec("echo.mjs"), "eras");
      expect(plain).not.toHaveProperty("era");
      expect(plain).not.toHaveProperty("replaces");
      const origin = { era: "legacy", replaces: plain.id } as const;
      const request = { server: "eras", instance: "1", replica: 0, spec: plain.spec ?? { image: "" }, ...origin };
      const next = await runtime.create(request, {});
      expect(await runtime.inspect(next.id, {})).toMatchObject(origin);
      expect(next).toMatchObject({ mark: adoption ? "replacing" : "none" });
      // The name is still the other's; once that is gone it is this one's, however often it takes it.
      await runtime.mark(next.id, "none", {});
      expect(await runtime.inspect(next.id, {})).toMatchObject({ mark: adoption ? "replacing" : "none" });
      await runtime.remove(plain.id, {});
      await runtime.mark(next.id, "none", {});
      await runtime.mark(next.id, "none", {});
      expect(await runtime.inspect(next.id, {})).toMatchObject({ mark: "none" });
      await expect(instances.create(instances.spec("echo.mjs"), "eras")).rejects.toMatchObject({ kind: "conflict" });
    });

    test("marked as stopping says so, and frees its name, twice if need be", async () => {
      const spec = instances.spec("echo.mjs");
      const first = await instances.create(spec, "files");
      await runtime.mark(first.id, "stopping", {});
      await runtime.mark(first.id, "stopping", {});
      const second = await instances.create(spec, "files");
      await runtime.mark(second.id, "stopping", {});
      const third = await instances.create(spec, "files");
      const marks = new Map((await runtime.list({})).map((record) => [record.id, record.mark]));
      expect([first, second, third].map(({ id }) => marks.get(id))).toEqual(["stopping", "stopping", "none"]);
    });

    test("marked as restarting goes on, until the mark is taken off", async () => {
      const { record, sink, attachment } = await instances.start(instances.spec("echo.mjs"), "again");
      await runtime.mark(record.id, "restarting", {});
      await runtime.mark(record.id, "restarting", {});
      expect(await runtime.inspect(record.id, {})).toMatchObject({
        state: "running",
        mark: adoption ? "restarting" : "none",
      });
      attachment.write(Buffer.from("hello\n"));
      await sink.until(({ out }) => out === "hello\n");
      await runtime.mark(record.id, "none", {});
      expect(await runtime.inspect(record.id, {})).toMatchObject({ state: "running", mark: "none" });
    });

    test("that is gone needs nothing more: remove, stop and marks are content, attach and run are not", async () => {
      const { id } = await instances.create(instances.spec("echo.mjs"));
      await Promise.all([runtime.remove(id, {}), runtime.remove(id, {}), runtime.remove(id, {})]);
      await runtime.remove(id, {});
      await runtime.stop(id, { graceMs: 1_000 });
      for (const mark of marks) await runtime.mark(id, mark, {});
      expect(await runtime.inspect(id, {})).toBeUndefined();
      const gone = { kind: "not_found", details: { reason: "CONTAINER_REMOVED" } };
      await expect(runtime.run(id, new Recorder(), {})).rejects.toMatchObject(gone);
      await expect(runtime.attach(nowhere, new Recorder(), {})).rejects.toMatchObject(gone);
    });
  });

  describe("list", () => {
    const instances = open();
    const other = open();
    afterAll(async () => {
      await instances[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    });

    test("gives every instance of this fleet, whatever its state, and of no other", async () => {
      const { runtime, spec } = instances;
      const created = await instances.create(spec("echo.mjs"), "created");
      const { record: running } = await instances.start(spec("echo.mjs"), "running");
      const { record: exited, sink } = await instances.start(spec("exiter.mjs"), "exited");
      await sink.ended;
      await runtime.stop(exited.id, { graceMs: 0 });
      const foreign = await other.create(other.spec("echo.mjs"), "created");
      // It takes no instance away.
      await runtime.sweep({});
      expect(Object.fromEntries((await runtime.list({})).map(({ id, state }) => [id, state]))).toEqual({
        [created.id]: "created",
        [running.id]: "running",
        [exited.id]: "exited",
      });
      expect(await runtime.inspect(foreign.id, {})).toBeUndefined();
    });
  });

  describe("a caller who left", () => {
    const instances = open();
    const { runtime } = instances;
    afterAll(() => instances[Symbol.asyncDispose]());

    test("is told by each method that it was cancelled, by its own reason when that is one of ours", async () => {
      const { id } = await instances.create(instances.spec("echo.mjs"));
      const spec = instances.spec("echo.mjs", {});
      const calls: ((options: { signal: AbortSignal }) => Promise<unknown>)[] = [
        (options) => runtime.version(options),
        (options) => runtime.hasImage(spec, options),
        (options) => runtime.prepare(spec, options),
        (options) => runtime.create({ server: "left", instance: "1", replica: 0, spec }, options),
        (options) => runtime.attach(id, new Recorder(), options),
        (options) => runtime.run(id, new Recorder(), options),
        (options) => runtime.stop(id, { ...options, graceMs: 0 }),
        ...marks.map((mark) => (options: { signal: AbortSignal }) => runtime.mark(id, mark, options)),
        (options) => runtime.remove(id, options),
        (options) => runtime.inspect(id, options),
        (options) => runtime.list(options),
      ];
      const ours = new ManagerError("interrupted", "a Stop", {
        details: { reason: "START_CANCELLED", delivery: "not_sent" },
      });
      for (const call of calls) {
        await expect(call({ signal: AbortSignal.abort() }), String(call)).rejects.toMatchObject({ kind: "cancelled" });
        await expect(call({ signal: AbortSignal.abort(ours) }), String(call)).rejects.toBe(ours);
      }
      expect(await runtime.list({})).toMatchObject([{ id, state: "created", mark: "none" }]);
    });

    test("during create leaves nothing behind", async () => {
      const abort = new AbortController();
      const request = { server: "left", instance: "1", replica: 0, spec: instances.spec("echo.mjs") };
      const creating = runtime.create(request, { signal: abort.signal });
      abort.abort();
      await expect(creating).rejects.toMatchObject({ kind: "cancelled" });
      expect((await runtime.list({})).filter(({ server }) => server === "left")).toEqual([]);
    });
  });
}
