import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerSpec } from "../../src/base/spec/spec.ts";
import { type RuntimeCapabilities, runtimeCapabilities } from "../../src/runtime/capabilities.ts";
import type { Contract } from "./contract.ts";
import { describeImages } from "./contract-images.ts";
import { capabilityTitle } from "./contract-title.ts";
import { Exits } from "./exits.ts";
import { Recorder } from "./recorder.ts";

interface Wish {
  readonly capability: keyof RuntimeCapabilities;
  readonly field: string;
  readonly spec: Partial<ServerSpec>;
  /** What the server sees of it, as sandbox-probe.mjs tells; none of it holds without the field. */
  readonly seen: Readonly<Record<string, unknown>>;
}

/** Has a child that takes memory until the kernel ends it, says by what, and ends by itself when told to on stdin. */
const childHog = `import { spawn } from "node:child_process";
  const hog = "const taken = []; for (;;) taken.push(Buffer.alloc(8 * 1024 * 1024, 1))";
  spawn(process.execPath, ["-e", hog]).on("exit", (_code, signal) => console.log(signal));
  process.stdin.once("data", () => process.exit(0));`;

const memoryBytes = 256 * 1024 * 1024;

/** What a spec may ask for, and which capability that takes. A runtime without it refuses the field, by name. */
const wishes: readonly Wish[] = [
  {
    capability: "limits",
    field: "spec.limits.cpus",
    spec: { limits: { cpus: 0.5 } },
    seen: { cpu: expect.stringMatching(/^50000( 100000)?$/) },
  },
  {
    capability: "limits",
    field: "spec.limits.memory_bytes",
    spec: { limits: { memoryBytes } },
    seen: { memory: `${memoryBytes}` },
  },
  { capability: "limits", field: "spec.limits.pids", spec: { limits: { pids: 64 } }, seen: { pids: "64" } },
  {
    capability: "mounts",
    field: "spec.mounts[0]",
    spec: { mounts: [{ type: "tmpfs", target: "/scratch" }] },
    seen: { mounted: expect.arrayContaining(["/scratch"]) },
  },
  {
    capability: "network",
    field: "spec.network",
    spec: { network: "bridge" },
    seen: { interfaces: expect.arrayContaining(["eth0"]) },
  },
  { capability: "user", field: "spec.user", spec: { user: "0:0" }, seen: { uid: 0 } },
  // Who is not root may not write there either, but for another reason.
  {
    capability: "readOnlyRoot",
    field: "spec.read_only_root",
    spec: { readOnlyRoot: false },
    seen: { writeRoot: "EACCES" },
  },
  {
    capability: "capAdd",
    field: "spec.cap_add[0]",
    spec: { capAdd: ["CHOWN"] },
    seen: { boundingSet: "0000000000000001" },
  },
  {
    capability: "init",
    field: "spec.init",
    spec: { init: false },
    seen: { processOne: expect.not.stringContaining("-init") },
  },
];

/** What a runtime declares: done where it can, refused or told where it can't. Never skipped. */
export function describeDifferences({ kind, capabilities, missingProgram, open }: Contract): void {
  describe("what it declares", () => {
    const instances = open();
    const { runtime } = instances;
    const declared = capabilityTitle.bind(undefined, { capabilities });
    afterAll(() => instances[Symbol.asyncDispose]());

    test("kind is its own", async () => {
      expect(runtime.kind).toBe(kind);
      expect(await runtime.version({})).toMatch(/\d+\.\d+/);
    });

    test("capabilities are those of its kind, and of its engine once that was asked; nobody changes them", async () => {
      expect(open().runtime.capabilities).toBe(runtimeCapabilities[kind]);
      await runtime.unenforced({});
      expect(runtime.capabilities).toBe(capabilities);
      expect(Object.isFrozen(capabilities)).toBe(true);
    });

    const boxed = { can: "a server sees nothing of this machine", cannot: "a server sees this machine as it is" };
    test(declared("sandbox", boxed), async () => {
      const folder = await mkdtemp(path.join(tmpdir(), "mcpm-sandbox-"));
      const program = `import { existsSync } from "node:fs"; console.log(existsSync(${JSON.stringify(folder)}))`;
      const { record, sink } = await instances.start(instances.spec(program));
      await sink.ended;
      await runtime.remove(record.id, {});
      await rm(folder, { recursive: true });
      expect(sink.out).toBe(`${!capabilities.sandbox}\n`);
    });

    const enforced = { can: "none of them is said to be unenforced", cannot: "nothing is said to be enforced" };
    test(declared("limits", enforced), async () => {
      const unenforced = await runtime.unenforced({});
      const limits = ["memory", "swap", "cpus", "pids"];
      if (capabilities.limits) expect(unenforced.filter((each) => limits.includes(each))).toEqual([]);
      else expect(unenforced).toEqual([...limits, "seccomp"]);
    });

    const requiring = {
      can: "a server that has them is let through where they are required",
      cannot: "every server is refused where they are required",
    };
    test(declared("limits", requiring), async () => {
      await using strict = instances.successor({ requireLimits: true });
      const spec = instances.spec("echo.mjs");
      const request = { server: "strict", instance: "1", replica: 0, spec };
      if (capabilities.limits) {
        await strict.check(spec, {});
        const { id } = await strict.create(request, {});
        await strict.remove(id, {});
      } else {
        const refused = { kind: "not_running", details: { reason: "NOT_ENFORCED", delivery: "not_sent" } };
        await expect(strict.check(spec, {})).rejects.toMatchObject(refused);
        await expect(strict.create(request, {})).rejects.toMatchObject(refused);
      }
    });

    for (const { capability, field, spec, seen } of wishes) {
      const outcomes = { can: `${field} is honoured`, cannot: `${field} is refused by name` };
      test(declared(capability, outcomes), async () => {
        const wish = instances.spec("sandbox-probe.mjs", spec);
        if (capabilities[capability]) {
          await runtime.check(wish, {});
          const { record, sink } = await instances.start(wish);
          await sink.ended;
          expect(JSON.parse(sink.out)).toMatchObject(seen);
          await runtime.remove(record.id, {});
        } else {
          const request = { server: "wish", instance: "1", replica: 0, spec: wish };
          const refused = { kind: "invalid", details: { violations: [{ field }] } };
          await expect(runtime.check(wish, {})).rejects.toMatchObject(refused);
          await expect(runtime.create(request, {})).rejects.toMatchObject(refused);
          expect(await runtime.list({})).toEqual([]);
        }
      });
    }

    describeImages(instances);

    test(`missing program: ${missingProgram}`, async () => {
      const record = await instances.create({ ...instances.spec("echo.mjs"), command: ["/no/such/program"] });
      const sink = new Recorder();
      if (missingProgram !== "start refused") {
        const exits = new Exits();
        await using _watch = runtime.watch(exits);
        await runtime.run(record.id, sink, {});
        await sink.ended;
        // In the words of docker-init, or of Podman's catatonit.
        expect(sink.err).toMatch(/\/no\/such\/program|failed to exec/);
        expect(await exits.exitOf(record.id)).toEqual({
          exitCode: Number(missingProgram.slice("exits ".length)),
          oomKilled: false,
        });
      } else {
        await expect(runtime.run(record.id, sink, {})).rejects.toMatchObject({
          kind: "not_running",
          message: expect.stringContaining("/no/such/program"),
          details: { reason: "START_REFUSED", server: record.server, delivery: "not_sent" },
        });
        // As after any refused start: it can be tried again, or removed.
        expect((await runtime.inspect(record.id, {}))?.state).toBe("created");
        await sink.ended;
        expect(sink.ends).toBe(1);
      }
    });

    const outOfMemory = { can: "the end by lack of memory is told", cannot: "refused, so no end by lack of memory" };
    test(declared("limits", outOfMemory), async () => {
      const wish = instances.spec("memory-hog.mjs", { limits: { memoryBytes: 128 * 1024 * 1024 } });
      if (!capabilities.limits) {
        await expect(runtime.check(wish, {})).rejects.toMatchObject({ kind: "invalid" });
        return;
      }
      const exits = new Exits();
      await using _watch = runtime.watch(exits);
      const { record, sink, attachment } = await instances.start(wish);
      await sink.until(({ out }) => out === "ready\n");
      attachment.write(Buffer.from("go\n"));
      expect(await exits.exitOf(record.id)).toEqual({ exitCode: 137, oomKilled: true });
      expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 137, oomKilled: true });
    });

    const starvedChild = {
      can: "a child's end by lack of memory is told, and not its own",
      cannot: capabilities.limits
        ? "a child's end by lack of memory is not its own, and not told"
        : "refused, so no child lacks any",
    };
    test(declared("oomEvents", starvedChild), async () => {
      const wish = instances.spec(childHog, { limits: { memoryBytes: 128 * 1024 * 1024 } });
      if (!capabilities.limits) {
        await expect(runtime.check(wish, {})).rejects.toMatchObject({ kind: "invalid" });
        return;
      }
      const exits = new Exits();
      await using _watch = runtime.watch(exits);
      const { record, sink, attachment } = await instances.start(wish);
      await sink.until(({ out }) => out === "SIGKILL\n");
      if (capabilities.oomEvents) await exits.starvationOf(record.id);
      expect((await runtime.inspect(record.id, {}))?.state).toBe("running");
      attachment.write(Buffer.from("end\n"));
      expect(await exits.exitOf(record.id)).toEqual({ exitCode: 0, oomKilled: false });
      expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 0, oomKilled: false });
    });
  });

  describe("the fleet's owner", () => {
    const instances = open();
    const successor = instances.successor();
    afterAll(async () => {
      await successor[Symbol.asyncDispose]();
      await instances[Symbol.asyncDispose]();
    });
    const onLost = () => expect.unreachable();

    const outcomes = { can: "one at a time, and the other is told who", cannot: "others' instances are never seen" };
    test(capabilityTitle({ capabilities }, "ownership", outcomes), async () => {
      const first = await instances.runtime.own({ onLost });
      const second = successor.own({ onLost });
      if (successor.capabilities.ownership) {
        await expect(second).rejects.toMatchObject({
          kind: "conflict",
          message: expect.stringContaining(`(pid ${process.pid}, since `),
          details: { reason: "FLEET_OWNED" },
        });
      } else {
        await (await second)[Symbol.asyncDispose]();
      }
      await first[Symbol.asyncDispose]();
      await using _next = await successor.own({ onLost });
    });
  });

  describe("its own end", () => {
    const instances = open();
    const successor = instances.successor();
    let sink: Recorder;
    let id: string;
    beforeAll(async () => {
      const started = await instances.start(instances.spec("echo.mjs"));
      await started.sink.until(({ err }) => err !== "");
      sink = started.sink;
      id = started.record.id;
      await instances.runtime[Symbol.asyncDispose]();
      started.attachment.close();
    });
    afterAll(async () => {
      await successor[Symbol.asyncDispose]();
      await instances[Symbol.asyncDispose]();
    });

    const outlive = { can: "instances outlive it, and the next one takes them over", cannot: "instances end with it" };
    const goesOn = capabilities.adoption ? "detaching" : "adoption";
    const startsAgain = { ...outlive, cannot: "instances end with it, and the next one starts them again" };
    const outcomes = goesOn === "detaching" ? startsAgain : outlive;
    test(capabilityTitle({ capabilities }, goesOn, outcomes), async () => {
      if (capabilities.adoption && !capabilities.detaching) {
        await expect.poll(() => successor.list({})).toMatchObject([{ id, state: "exited", exit: { exitCode: 0 } }]);
        const next = new Recorder();
        (await successor.run(id, next, {})).write(Buffer.from("again"));
        await next.until(({ out }) => out === "again");
      } else if (capabilities.adoption) {
        expect(await successor.list({})).toMatchObject([{ id, state: "running" }]);
        const next = new Recorder();
        (await successor.attach(id, next, {})).write(Buffer.from("adopted"));
        await next.until(({ out }) => out === "adopted");
      } else {
        await sink.ended;
        expect(await successor.list({})).toEqual([]);
        await expect(successor.attach(id, new Recorder(), {})).rejects.toMatchObject({ kind: "not_found" });
      }
    });
  });
}
