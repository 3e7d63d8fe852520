import { Code, type ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import {
  errorInfo,
  failureOf,
  hostileSpec,
  type ManagerClient,
  randomName,
  TestManager,
  textOf,
} from "../test-manager.ts";
import { longLineSpec } from "./long-line-server.ts";

const mib = 1024 * 1024;
const maxLineBytes = mib;

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_MAX_LINE_BYTES: String(maxLineBytes) });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(spec: ReturnType<typeof hostileSpec>): Promise<string> {
  const name = randomName();
  await client.start({ name, spec });
  return name;
}

const call = (server: string, tool: string, value = {}) =>
  client.callTool({ server, tool, input: { case: "arguments", value } });

async function inFlight(server: string): Promise<number> {
  return Number((await client.get({ name: server })).server?.callsInFlight);
}

const tooLarge = { code: Code.ResourceExhausted, reason: "RESULT_TOO_LARGE" };

describe("A container's line beyond the limit", () => {
  const longLines = () => started(longLineSpec());

  it("of 256 MiB fails its call alone, is not kept, and the session lives on", async () => {
    const server = await longLines();
    const before = process.memoryUsage.rss();
    for (const place of ["first", "last"]) {
      const failure = await failureOf(call(server, "long", { mib: 256, place }));
      expect(errorInfo(failure)).toMatchObject({ ...tooLarge, delivery: "answered" });
      expect(failure.message).toMatch(/has 2684\d{5} bytes, more than the 1048576 allowed/);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * mib);
    expect(textOf(await call(server, "echo"))).toBe("alive");
  });

  it("whose id can't be told is the reply to the only call that was sent", async () => {
    const server = await longLines();
    const failure = await failureOf(call(server, "long", { mib: 2, place: "nowhere" }));
    expect(errorInfo(failure)).toMatchObject({ ...tooLarge, delivery: "answered" });
    expect(textOf(await call(server, "echo"))).toBe("alive");
  });

  it("whose id can't be told leaves no call waiting that it may have answered", async () => {
    const server = await longLines();
    const silent = failureOf(call(server, "no such tool"));
    while ((await inFlight(server)) === 0);
    const failures = await Promise.all([silent, failureOf(call(server, "long", { mib: 2, place: "nowhere" }))]);
    for (const failure of failures) expect(errorInfo(failure)).toMatchObject({ ...tooLarge, delivery: "sent" });
    expect(textOf(await call(server, "echo"))).toBe("alive");
  });
});

describe("A container that does not read its stdin", () => {
  it("has no more waiting for it than its queue holds: further callers are refused at once, to try again", async () => {
    const deaf = await started(hostileSpec());
    const fine = await started(hostileSpec());
    await call(deaf, "deaf");
    const left = new AbortController();
    // Together less than the 10 MB at which Node resets what its own client sends.
    const text = "x".repeat(200_000);
    const refused: ConnectError[] = [];
    const calls = Array.from({ length: 40 }, async () => {
      const input = { case: "arguments" as const, value: { text } };
      const failure = await failureOf(client.callTool({ server: deaf, tool: "echo", input }, { signal: left.signal }));
      if (!left.signal.aborted) refused.push(failure);
      return failure;
    });
    while (refused.length + (await inFlight(deaf)) < calls.length);
    const waiting = await inFlight(deaf);
    expect(textOf(await call(fine, "echo", { text: "quick" }))).toBe("quick");
    for (const failure of refused) {
      expect(errorInfo(failure)).toMatchObject({
        code: Code.ResourceExhausted,
        reason: "SERVER_NOT_READING",
        delivery: "not_sent",
      });
      expect(failure.findDetails(RetryInfoSchema)).toHaveLength(1);
    }
    // What waits, and what is in the pipes of the engine: some 3 MB in all.
    expect(waiting).toBeLessThan(20);
    left.abort();
    expect((await Promise.all(calls)).filter(({ code }) => code === Code.Canceled)).toHaveLength(waiting);
    await client.stop({ name: deaf, gracePeriod: { seconds: 0n, nanos: 0 } });
  });
});
