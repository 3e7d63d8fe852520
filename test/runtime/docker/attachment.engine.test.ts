import { createHash, randomBytes } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { Attachment } from "../../../src/runtime/runtime.ts";
import { Recorder } from "./recorder.ts";
import { TestFleet } from "./test-fleet.ts";

const { spec } = TestFleet;

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

describe("Attachment on an engine", () => {
  const fleet = new TestFleet();
  const { runtime, docker } = fleet;
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("opened before the start loses no first byte, and keeps stdout and stderr apart", async () => {
    const { sink } = await fleet.start(spec("exiter.mjs"));
    expect(await sink.ended).toBeUndefined();
    expect(sink.out).toBe("out\n");
    expect(sink.err).toBe("err\n");
    expect(sink.ends).toBe(1);
  });

  test("carries 8 MB of every byte value through stdin and stdout, intact", async () => {
    const { sink, attachment } = await fleet.start(spec("echo.mjs"));
    const bytes = randomBytes(8 * 1024 * 1024);
    await writeAll(attachment, { sink, bytes });
    await sink.until(({ outLength }) => outLength >= bytes.length);
    expect(sha256(sink.outBytes)).toBe(sha256(bytes));
  });

  test("takes what was written before the start", async () => {
    const record = await fleet.create(spec("echo.mjs"));
    const sink = new Recorder();
    const attachment = await runtime.attach(record.id, sink, {});
    attachment.write(Buffer.from("early"));
    await runtime.start(record.id, {});
    await sink.until(({ out }) => out === "early");
  });

  test("ends when the container is removed under it, and swallows later writes", async () => {
    const { record, sink, attachment } = await fleet.start(spec("echo.mjs"));
    await sink.until(({ err }) => err !== "");
    await docker.getContainer(record.id).remove({ force: true });
    await sink.ended;
    for (let count = 0; count < 10; count++) attachment.write(Buffer.alloc(100_000));
    attachment.close();
    expect(sink.ends).toBe(1);
  });

  test("closed leaves the container running, and another one takes over its stdio", async () => {
    const { record, sink, attachment } = await fleet.start(spec("echo.mjs"));
    await sink.until(({ err }) => err !== "");
    attachment.close();
    expect(await sink.ended).toBeUndefined();
    expect((await runtime.inspect(record.id, {}))?.state).toBe("running");

    const next = new Recorder();
    const second = await runtime.attach(record.id, next, {});
    second.write(Buffer.from("again"));
    await next.until(({ out }) => out === "again");
    expect(sink.out).toBe("");
  });

  test("says false when the server does not read, and drain when it does again", async () => {
    const reader = 'process.on("SIGUSR1", () => process.stdin.resume().on("data", () => {})); console.log("ready")';
    const program = `${reader}; setInterval(() => {}, 1000)`;
    const { record, sink, attachment } = await fleet.start(spec(program));
    await sink.until(({ out }) => out === "ready\n");
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    while (attachment.write(chunk) && written < 64 * 1024 * 1024) written += chunk.length;
    expect(written).toBeLessThan(64 * 1024 * 1024);
    // Through docker-init, which passes signals on.
    await docker.getContainer(record.id).kill({ signal: "SIGUSR1" });
    await sink.until(({ drains }) => drains > 0);
  });

  test("is refused as not found for a container that is gone", async () => {
    await expect(runtime.attach("0".repeat(64), new Recorder(), {})).rejects.toMatchObject({ kind: "not_found" });
  });
});
