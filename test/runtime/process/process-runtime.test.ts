import { afterAll, describe, expect, test, vi } from "vitest";
import type { Log } from "../../../src/base/log/log.ts";
import { silentLog } from "../../../src/base/log/log.ts";
import { createProcessRuntime } from "../../../src/runtime/process/process-runtime.ts";
import { Recorder } from "../recorder.ts";
import { openMorgue } from "./morgue.ts";
import { TestProcesses } from "./test-processes.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const { spec } = TestProcesses;

/** Forks the program, which gets its stdout, and stays until its stdin ends. */
const forking = (program: string) => `import { spawn } from "node:child_process";
  spawn(process.execPath, ["-e", ${JSON.stringify(program)}], { stdio: ["ignore", "inherit", "inherit"] }).unref();
  process.stdin.resume()`;

describe("A server that forks", () => {
  const processes = new TestProcesses();
  const { runtime } = processes;
  afterAll(() => processes[Symbol.asyncDispose]());

  test.each([
    ["stop", (id: string) => runtime.stop(id, { graceMs: 60_000 })],
    ["a stop without grace", (id: string) => runtime.stop(id, { graceMs: 0 })],
    ["remove", (id: string) => runtime.remove(id, {})],
  ])("is ended by %s together with its children", async (_what, end) => {
    using morgue = await openMorgue();
    const { record, sink } = await processes.start(spec(forking(morgue.survivor)));
    await sink.until(({ out }) => out === "up\n");
    await end(record.id);
    await morgue.arrived;
  });

  test("into a session of its own ends without waiting for that child's hold on its pipes", async () => {
    using morgue = await openMorgue();
    const program = `import { spawn } from "node:child_process";
      const child = spawn(process.execPath, ["-e", ${JSON.stringify(morgue.survivor)}], { stdio: ["ignore", "inherit", "inherit"], detached: true });
      child.unref(); process.stderr.write(String(child.pid)); process.stdin.resume()`;
    const { record, sink } = await processes.start(spec(program));
    await sink.until(({ out, err }) => out === "up\n" && err !== "");
    await runtime.stop(record.id, { graceMs: 60_000 });
    expect(await sink.ended).toBeUndefined();
    // Out of the runtime's reach, as docs/security.md says.
    process.kill(Number(sink.err), "SIGKILL");
    await morgue.arrived;
  });
});

describe("A plain process", () => {
  const processes = new TestProcesses();
  const { runtime } = processes;
  afterAll(() => processes[Symbol.asyncDispose]());

  test("has PATH, HOME and its spec's environment, and nothing else", async () => {
    vi.stubEnv("MCPM_TEST_SECRET", "the manager's own");
    const program = "console.log(JSON.stringify(process.env))";
    const { sink } = await processes.start(spec(program, { env: { TOKEN: "x", HOME: "/home/spec" } }));
    await sink.ended;
    vi.unstubAllEnvs();
    expect(JSON.parse(sink.out)).toEqual({ PATH: process.env.PATH, HOME: "/home/spec", TOKEN: "x" });
  });

  test("is found on the PATH of its spec, and runs in its working directory", async () => {
    const env = { PATH: `${process.execPath.replace(/\/[^/]*$/, "")}:/bin` };
    const more = { command: ["node", "-e"], args: ["console.log(process.cwd())"], workingDir: "/", env };
    const { sink } = await processes.start(spec("", more));
    await sink.ended;
    expect(sink.out).toBe("/\n");
  });

  test("gets its input's end before any signal, after all that was written", async () => {
    const program = `process.on("SIGTERM", () => console.log("SIGTERM"));
      process.stdin.pipe(process.stdout); process.stdin.on("end", () => { console.log("EOF"); process.exit(3) })`;
    const { record, sink, attachment } = await processes.start(spec(program));
    attachment.write(Buffer.from("last words "));
    await runtime.stop(record.id, { graceMs: 60_000 });
    await sink.ended;
    expect(sink.out).toBe("last words EOF\n");
    expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 3, oomKilled: false });
  });

  test("that stays after EOF gets SIGTERM", async () => {
    const { record, sink } = await processes.start(spec("console.log('up'); setInterval(() => {}, 1000)"));
    await sink.until(({ out }) => out === "up\n");
    await runtime.stop(record.id, { graceMs: 400 });
    expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 143, oomKilled: false });
  });

  test("whose start the system refuses says why, and stays as it was", async () => {
    const record = await processes.create(spec("", { command: ["no-such-program"] }));
    const refused = { kind: "not_running", message: expect.stringMatching(/no-such-program.*PATH/) };
    await expect(runtime.run(record.id, new Recorder(), {})).rejects.toMatchObject(refused);
    const big = { args: Array.from({ length: 40 }, () => "x".repeat(130_000)) };
    const { id } = await processes.create(spec("echo.mjs", big));
    await expect(runtime.run(id, new Recorder(), {})).rejects.toMatchObject({ details: { reason: "START_REFUSED" } });
    expect((await runtime.inspect(id, {}))?.state).toBe("created");
  });

  test("is refused with every field that needs a container, in one response", async () => {
    const wish = spec("echo.mjs", {
      command: [],
      mounts: [{ type: "bind", source: "/srv", target: "/data" }],
      limits: { cpus: 1, memoryBytes: 6_291_456, pids: 1 },
      network: "bridge",
      user: "0",
      readOnlyRoot: false,
      capAdd: ["CHOWN"],
      pullPolicy: "always",
      workingDir: "/no/such/folder",
    });
    const error = await runtime.check(wish, {}).catch((reason: unknown) => reason);
    const { violations } = (error as { details: { violations: { field: string; description: string }[] } }).details;
    expect(violations.map(({ field }) => field)).toEqual([
      "spec.command",
      "spec.mounts[0]",
      "spec.limits.cpus",
      "spec.limits.memory_bytes",
      "spec.limits.pids",
      "spec.network",
      "spec.user",
      "spec.read_only_root",
      "spec.cap_add[0]",
      "spec.pull_policy",
      "spec.working_dir",
    ]);
  });
});

describe("createProcessRuntime", () => {
  const options = { baseEnv: {}, now: Date.now, newId: () => "id" };

  test("warns that there is no sandbox", async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };
    await using _runtime = createProcessRuntime({ ...options, log });
    expect(warnings).toEqual([expect.stringMatching(/MCPM_RUNTIME=process.*without a sandbox.*development only/)]);
  });

  test("ends every server when it is disposed, the stubborn ones too", async () => {
    const runtime = createProcessRuntime({ ...options, log: silentLog });
    await runtime.create({ server: "s", instance: "1", replica: 0, spec: spec("term-ignorer.mjs") }, {});
    const sink = new Recorder();
    await runtime.run("id", sink, {});
    await sink.until(({ out }) => out === "ready\n");
    await runtime[Symbol.asyncDispose]();
    await sink.ended;
    expect(sink.out).toBe("ready\nignored SIGTERM\n");
  });
});
