import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf, hostileSpec, type ManagerClient, randomName, TestManager, textOf } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(): Promise<string> {
  const name = randomName();
  await client.start({ name, spec: hostileSpec() });
  return name;
}

const call = (server: string, tool: string, value = {}, options: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
  client.callTool({ server, tool, input: { case: "arguments", value } }, options);

const lateReplies = async (name: string) => (await client.get({ name })).server?.lateReplies;

const response = (text: string) => `{"content":[{"type":"text","text":"${text}"}]}`;

describe("A server's reply that nobody waits for", () => {
  it("is counted when it comes after a cancel, and settles no other call", async () => {
    const name = await started();
    const left = new AbortController();
    const gone = failureOf(call(name, "stubborn", { ms: 300 }, { signal: left.signal }));
    while ((await client.get({ name })).server?.callsInFlight !== 1n);
    left.abort();
    expect((await gone).code).toBe(Code.Canceled);
    const other = call(name, "sleep", { ms: 1000, text: "mine" });
    while ((await lateReplies(name)) !== 1n);
    expect(textOf(await other)).toBe("mine");
  });

  it("is counted when it comes after the deadline", async () => {
    const name = await started();
    const failure = await failureOf(call(name, "stubborn", { ms: 500 }, { timeoutMs: 200 }));
    expect(failure.code).toBe(Code.DeadlineExceeded);
    while ((await lateReplies(name)) !== 1n);
    expect(textOf(await call(name, "echo", { text: "alive" }))).toBe("alive");
  });

  it("is counted when it is the second one, and the first counts", async () => {
    const name = await started();
    const reply = (text: string) => `{"jsonrpc":"2.0","id":ID,"result":${response(text)}}`;
    expect(textOf(await call(name, "lines", { lines: [reply("first"), reply("second"), reply("third")] }))).toBe(
      "first",
    );
    while ((await lateReplies(name)) !== 2n);
    expect((await client.get({ name })).server?.strayLines).toBe(0n);
  });

  it("is counted when it is to an id that was never given", async () => {
    const name = await started();
    const ids = ["0", "-7", "999999999999", '"x"', "null"];
    const lines = [
      ...ids.map((id) => `{"jsonrpc":"2.0","id":${id},"result":${response("whose?")}}`),
      `{"jsonrpc":"2.0","id":ID,"result":${response("mine")}}`,
    ];
    expect(textOf(await call(name, "lines", { lines }))).toBe("mine");
    expect(await lateReplies(name)).toBe(1n);
    // All are in Logs; what can't be an id of the manager's is no reply to it.
    expect((await client.get({ name })).server?.strayLines).toBe(5n);
  });
});
