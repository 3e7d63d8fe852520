import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostileProcessSpec, TestManager } from "./test-manager.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  await manager.client.start({ name: "h", spec: hostileProcessSpec() });
});
afterAll(() => manager[Symbol.asyncDispose]());

interface Status {
  readonly message?: string;
  readonly details?: readonly { readonly fieldViolations?: readonly { readonly field: string }[] }[];
}

/** A call over both ways that JSON takes into the manager. */
async function call(way: "REST" | "Connect", body: string, headers: Record<string, string> = {}) {
  const path = way === "REST" ? "/servers/h/call" : "/mcpmanager.v1.ManagerService/CallTool";
  const text = way === "REST" ? body : body.replace("{", '{"server":"h",');
  const answer = await fetch(`${manager.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: text,
  });
  return { status: answer.status, body: (await answer.json()) as Status & { content?: { text: { text: string } }[] } };
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
}

describe.each(["REST", "Connect"] as const)("Arguments as a structure, over %s,", (way) => {
  it("reach the server as they were given, unpaired surrogates included", async () => {
    const { body } = await call(way, '{"tool":"line","arguments":{"\\ud800":1,"\\ud801":"\\udc00"}}');
    expect(body.content?.[0]?.text.text).toContain('"arguments":{"\\ud800":1,"\\ud801":"\\udc00"}');
  });

  it("may have 99 levels, and are refused by name with more", async () => {
    expect((await call(way, `{"tool":"line","arguments":${nested(99)}}`)).status).toBe(200);
    for (const levels of [100, 101, 150, 5000]) {
      const { status, body } = await call(way, `{"tool":"line","arguments":${nested(levels)}}`);
      expect({ levels, status, message: body.message }).toEqual({
        levels,
        status: 400,
        message: "arguments: must have at most 99 levels: use arguments_json",
      });
    }
  });

  it("may be as large as a request, whatever they are made of", async () => {
    const ones = `[${Array.from({ length: 99_000 }, () => "1").join(",")}]`;
    expect((await call(way, `{"tool":"reflect","arguments":{"a":${ones}}}`)).status).toBe(200);
  });

  it("are refused before they are read when they have more values than can be read quickly", async () => {
    const ones = `[${Array.from({ length: 100_001 }, () => "1").join(",")}]`;
    const { status, body } = await call(way, `{"tool":"reflect","arguments":{"a":${ones}}}`);
    expect({ status, message: body.message }).toEqual({
      status: 400,
      message: "body: has more than 100000 values: give a tool's arguments as text, in arguments_json",
    });
    const text = JSON.stringify(`{"a":${ones}}`);
    expect((await call(way, `{"tool":"never-there","arguments_json":${text}}`)).status).toBe(404);
  });

  it("are waited for as long as the caller says, however long that is", async () => {
    const sleep = '{"tool":"sleep","arguments":{"ms":50}}';
    expect((await call(way, sleep, { "connect-timeout-ms": "3000000000" })).status).toBe(200);
  });

  it("can't be smuggled into the request by __proto__", async () => {
    const { status, body } = await call(way, '{"tool":"echo","__proto__":{"arguments":{"text":"x"}}}');
    expect({ status, message: body.message }).toEqual({ status: 400, message: "__proto__: is not a known field" });
  });
});
