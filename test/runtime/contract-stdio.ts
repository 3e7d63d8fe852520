import { createHash, randomBytes } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { Attachment } from "../../src/runtime/runtime.ts";
import type { Contract } from "./contract.ts";
import { capabilityTitle } from "./contract-title.ts";
import { Exits } from "./exits.ts";
import { Recorder } from "./recorder.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes as a connection does: stops at false, goes on at drain. */
async function writeAll(attachment: Attachment, options: { readonly sink: Recorder; readonly bytes: Buffer }) {
  const { sink, bytes } = options;
  for (let at = 0; at < bytes.length; at += 100_000) {
    const { drains } = sink;
    if (!attachment.write(bytes.subarray(at, at + 100_000))) await sink.until((now) => now.drains > drains);
  }
}

/** Reads nothing until SIGUSR1. Says its process id. */
const lateReader = `process.on("SIGUSR1", () => process.stdin.resume().on("data", () => {}));
  console.log(process.pid); setInterval(() => {}, 1000)`;

export function describeStdio({ capabilities, open }: Contract): void {
  describe("an attachment", () => {
    const instances = open();
    const { runtime } = instances;
    afterAll(() => instances[Symbol.asyncDispose]());

    test("opened before the start loses no first byte, keeps stdout and stderr apart, and ends once", async () => {
      const { sink, attachment } = await instances.start(instances.spec("exiter.mjs"));
      expect(await sink.ended).toBeUndefined();
      expect([sink.out, sink.err]).toEqual(["out\n", "err\n"]);
      attachment.close();
      expect(sink.ends).toBe(1);
    });

    test("carries 8 MB of every byte value through stdin and stdout, intact", async () => {
      const { sink, attachment } = await instances.start(instances.spec("echo.mjs"));
      const bytes = randomBytes(8 * 1024 * 1024);
      await writeAll(attachment, { sink, bytes });
      await sink.until(({ outLength }) => outLength >= bytes.length);
      expect(sha256(sink.outBytes)).toBe(sha256(bytes));
    });

    test("takes what was written before the start", async () => {
      const record = await instances.create(instances.spec("echo.mjs"));
      const sink = new Recorder();
      const attachment = await runtime.attach(record.id, sink, {});
      const bytes = randomBytes(300_000);
      const drained = attachment.write(bytes) ? Promise.resolve() : sink.until(({ drains }) => drains > 0);
      await runtime.run(record.id, new Recorder(), {});
      await drained;
      await sink.until(({ outLength }) => outLength >= bytes.length);
      expect(sha256(sink.outBytes)).toBe(sha256(bytes));
    });

    test("ends when the instance is removed under it, and swallows later writes", async () => {
      const { record, sink, attachment } = await instances.start(instances.spec("echo.mjs"));
      await sink.until(({ err }) => err !== "");
      await runtime.remove(record.id, {});
      await sink.ended;
      for (let count = 0; count < 10; count++) expect(attachment.write(Buffer.alloc(100_000))).toBe(true);
      attachment.close();
      expect(sink.ends).toBe(1);
    });

    test("of an instance that never starts ends when it is closed", async () => {
      const record = await instances.create(instances.spec("echo.mjs"));
      const sink = new Recorder();
      const attachment = await runtime.attach(record.id, sink, {});
      attachment.close();
      expect(await sink.ended).toBeUndefined();
      expect(sink.ends).toBe(1);
    });

    const closed = {
      can: "closed leaves the instance running, and another one takes over its stdio",
      cannot: "closed ends an instance that ends with its stdin",
    };
    test(capabilityTitle({ capabilities }, "detaching", closed), async () => {
      const { record, sink, attachment } = await instances.start(instances.spec("echo.mjs"));
      await sink.until(({ err }) => err !== "");
      attachment.close();
      attachment.close();
      expect(await sink.ended).toBeUndefined();
      expect(attachment.write(Buffer.from("late"))).toBe(true);
      if (!capabilities.detaching) {
        await expect
          .poll(() => runtime.inspect(record.id, {}))
          .toMatchObject({ state: "exited", exit: { exitCode: 0 } });
        return;
      }
      expect((await runtime.inspect(record.id, {}))?.state).toBe("running");
      const next = new Recorder();
      const second = await runtime.attach(record.id, next, {});
      second.write(Buffer.from("again"));
      await next.until(({ out }) => out === "again");
      expect(sink.out).toBe("");
      expect(sink.ends).toBe(1);
    });

    test("says false when the server does not read, and drain when it does again", async () => {
      const { record, sink, attachment } = await instances.start(instances.spec(lateReader));
      await sink.until(({ out }) => out.endsWith("\n"));
      const chunk = Buffer.alloc(65_536);
      let written = 0;
      while (attachment.write(chunk) && written < 64 * 1024 * 1024) written += chunk.length;
      expect(written).toBeLessThan(64 * 1024 * 1024);
      await instances.signal({ id: record.id, pid: Number(sink.out) }, "SIGUSR1");
      await sink.until(({ drains }) => drains > 0);
    });

    test("that nobody holds does not make the server stand still", async () => {
      const exits = new Exits();
      await using _watch = runtime.watch(exits);
      // Told by a signal: newer engines may drop what was written just before the connection closed.
      const program = `
        process.on("SIGUSR1", () => process.stdout.write("x".repeat(4_000_000), () => process.exit(7)));
        setInterval(() => {}, 1_000_000);
        console.log(process.pid);`;
      const { record, sink, attachment } = await instances.start(instances.spec(program));
      await sink.until(({ out }) => out.endsWith("\n"));
      attachment.close();
      await instances.signal({ id: record.id, pid: Number(sink.out) }, "SIGUSR1");
      expect(await exits.exitOf(record.id)).toMatchObject({ exitCode: 7 });
    });
  });
}
