import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { errorInfo, failureOf, hostileProcessSpec, randomName, TestManager, textOf } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let manager: TestManager;
const server = randomName();
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  await manager.client.start({ name: server, spec: hostileProcessSpec() });
});
afterAll(() => manager[Symbol.asyncDispose]());

interface Received {
  readonly status: number;
  readonly json: {
    content?: { text: { text: string } }[];
    message?: string;
    details?: { fieldViolations?: { field: string; description: string }[]; debug?: typeof violations }[];
  };
}
declare const violations: { fieldViolations?: { field: string; description: string }[] };

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Received> {
  const response = await fetch(`${manager.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, json: (await response.json()) as Received["json"] };
}

type Call = (args: string, headers?: Record<string, string>) => Promise<Received>;
const rest: Call = (args, headers) => post(`/servers/${server}/call`, `{"tool":"line","arguments":${args}}`, headers);
const connect: Call = (args, headers) =>
  post("/mcpmanager.v1.ManagerService/CallTool", `{"server":"${server}","tool":"line","arguments":${args}}`, headers);

/** The line that the server got. */
const lineOf = ({ json }: Received) => json.content?.[0]?.text.text;
const violationOf = ({ json }: Received) =>
  json.details?.flatMap(({ fieldViolations, debug }) => fieldViolations ?? debug?.fieldViolations ?? [])[0];
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

describe.each([
  ["REST", rest],
  ["Connect", connect],
])("A call's arguments as JSON over %s", (_, call) => {
  it("keep unpaired surrogates in names apart", async () => {
    expect(lineOf(await call('{"\\ud800":1,"\\ud801":2}'))).toContain('{"\\ud800":1,"\\ud801":2}');
  });

  it("may have 128 levels", async () => {
    expect(lineOf(await call(nested(128)))).toContain(nested(128));
  });

  it.each([129, 130, 131, 132, 135, 140, 200, 5000])("are refused by their name with %i levels", async (levels) => {
    const received = await call(nested(levels));
    expect(received.status).toBe(400);
    expect(violationOf(received)).toEqual({ field: "arguments", description: "must have at most 128 levels" });
  });

  it.each([
    ["0.1234567890123456789", "arguments.a"],
    ["[1,9007199254740993]", "arguments.a[1]"],
    ["1e-400", "arguments.a"],
  ])("are refused, not rounded, with the number %s", async (number, field) => {
    const received = await call(`{"a":${number}}`);
    expect(received.status).toBe(400);
    expect(violationOf(received)).toEqual({
      field,
      description: "is a number that would be rounded: use arguments_json",
    });
  });

  it("keep numbers that a double holds", async () => {
    expect(lineOf(await call('{"a":[0.1,1e5,123456789.123]}'))).toContain("[0.1,100000,123456789.123]");
  });

  it("may have 100,000 values, and not one more", async () => {
    const list = (items: number) => `{"a":[${Array(items).fill(1).join()}]}`;
    expect(lineOf(await call(list(99_998)))).toContain("[1,1,1");
    const received = await call(list(99_999));
    expect(received.status).toBe(400);
    expect(violationOf(received)).toEqual({
      field: "arguments",
      description: expect.stringContaining("arguments_json"),
    });
  });

  it.each([
    ["keys of one object", `{${Array.from({ length: 900_000 }, (_, key) => `"${key}":1`).join()}}`],
    ["levels", nested(2_000_000)],
    ["items of a list", `{"a":[${Array(1_800_000).fill(1).join()}]}`],
  ])("are refused before they are parsed with a million %s", async (_what, args) => {
    const received = await call(args);
    expect(received.status).toBe(400);
    expect(violationOf(received)).toEqual({ field: "body", description: expect.stringContaining("arguments_json") });
  });

  it("refuse a field that is called __proto__", async () => {
    const received = await call('{},"__proto__":{"a":1}');
    expect(received.status).toBe(400);
    expect(violationOf(received)).toEqual({ field: "__proto__", description: "is not a known field" });
  });

  it("may come with a deadline beyond what a timer can hold", async () => {
    expect((await call("{}", { "connect-timeout-ms": "2147483648" })).status).toBe(200);
  });
});

describe("A call's arguments over gRPC", () => {
  const inLevels = (levels: number) =>
    manager.client.callTool({ server, tool: "line", input: { case: "arguments", value: JSON.parse(nested(levels)) } });

  it("may have 128 levels, and not one more", async () => {
    expect(textOf(await inLevels(128))).toContain(nested(128));
    expect(errorInfo(await failureOf(inLevels(129)))).toMatchObject({
      reason: "INVALID_REQUEST",
      fields: ["arguments"],
    });
  });
});
