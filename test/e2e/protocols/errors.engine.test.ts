import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MountType, PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, TestManager } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_REGISTRIES: "127.0.0.1:9" });
  client = manager.client;
  await client.start({ name: "h", spec: hostileSpec() });
});
afterAll(() => manager[Symbol.asyncDispose]());

const starting = (spec: object) => failureOf(client.start({ name: "x", spec: { ...hostileSpec(), ...spec } }));
const calling = (tool: string, value = {}) =>
  failureOf(client.callTool({ server: "h", tool, input: { case: "arguments", value } }));

/** What is asked, and what must come back. */
const table: [string, () => ReturnType<typeof failureOf>, object][] = [
  [
    "a name with a capital",
    () => failureOf(client.start({ name: "Files", spec: hostileSpec() })),
    { code: Code.InvalidArgument, reason: "INVALID_REQUEST", fields: ["name"] },
  ],
  [
    "a start without a spec of what does not exist",
    () => failureOf(client.start({ name: "x" })),
    { code: Code.NotFound, reason: "SERVER_NOT_FOUND" },
  ],
  ["no image", () => starting({ image: "" }), { code: Code.InvalidArgument, fields: ["spec.image"] }],
  ...["Bad Name", "a/UPPER", "a//b", ":tag", "a/-b", "a..b"].flatMap((image) =>
    (["NEVER", "IF_MISSING", "ALWAYS"] as const).map((policy): (typeof table)[number] => [
      `the image ${image}, pull policy ${policy}`,
      () => starting({ image, pullPolicy: PullPolicy[policy] }),
      { code: Code.InvalidArgument, reason: "INVALID_REQUEST", fields: ["spec.image"] },
    ]),
  ),
  [
    "a negative limit",
    () => starting({ limits: { memoryBytes: -1n } }),
    { code: Code.InvalidArgument, fields: ["spec.limits.memory_bytes"] },
  ],
  [
    "a limit above the operator's",
    () => starting({ limits: { cpus: 64 } }),
    { code: Code.PermissionDenied, reason: "DENIED_BY_OPERATOR", fields: ["spec.limits.cpus"] },
  ],
  [
    "a capability",
    () => starting({ capAdd: ["NET_ADMIN"] }),
    { code: Code.PermissionDenied, fields: ["spec.cap_add[0]"] },
  ],
  [
    "a network",
    () => starting({ network: { kind: { case: "bridge", value: {} } } }),
    { code: Code.PermissionDenied, fields: ["spec.network"] },
  ],
  [
    "a writable root",
    () => starting({ readOnlyRoot: false }),
    { code: Code.PermissionDenied, fields: ["spec.read_only_root"] },
  ],
  [
    "a bind outside the roots",
    () => starting({ mounts: [{ type: MountType.BIND, source: "/etc", target: "/data" }] }),
    { code: Code.PermissionDenied, reason: "BIND_NOT_ALLOWED", fields: ["spec.mounts[0].source"] },
  ],
  [
    "a mount in the engine's own places",
    () => starting({ mounts: [{ type: MountType.TMPFS, target: "//proc/." }] }),
    { code: Code.InvalidArgument, reason: "INVALID_REQUEST", fields: ["spec.mounts[0].target"] },
  ],
  ["a mount without a type", () => starting({ mounts: [{ target: "/data" }] }), { fields: ["spec.mounts[0].type"] }],
  ["a label of ours", () => starting({ labels: { "mcpm.server": "y" } }), { fields: ['spec.labels["mcpm.server"]'] }],
  [
    "an image that is not there, never pulled",
    () => starting({ image: "mcpm-test/none:1" }),
    { code: Code.NotFound, reason: "IMAGE_UNAVAILABLE" },
  ],
  [
    "an image that can't be pulled",
    () => starting({ image: "127.0.0.1:9/none:1", pullPolicy: PullPolicy.IF_MISSING }),
    { code: Code.NotFound, reason: "IMAGE_UNAVAILABLE" },
  ],
  [
    "an image of a registry that the operator did not list",
    () => starting({ image: "127.0.0.1:10/none:1", pullPolicy: PullPolicy.IF_MISSING }),
    { code: Code.PermissionDenied, reason: "DENIED_BY_OPERATOR", fields: ["spec.image"] },
  ],
  [
    "a server that exits at once",
    () => starting({ args: ["hostile.mjs", "--exit", "7"] }),
    {
      code: Code.FailedPrecondition,
      reason: "SERVER_EXITED",
      exit_code: "7",
      stderr_tail: "cannot start: no license",
      server: "x",
    },
  ],
  [
    "a server that never answers",
    () => starting({ args: ["hostile.mjs", "--silent"], handshakeTimeout: { seconds: 0n, nanos: 400_000_000 } }),
    { code: Code.FailedPrecondition, reason: "HANDSHAKE_TIMEOUT", server: "x" },
  ],
  [
    "a server that refuses the handshake",
    () => starting({ args: ["hostile.mjs", "--refuse-initialize"] }),
    { code: Code.FailedPrecondition, reason: "SERVER_ERROR", rpc_code: "-32000" },
  ],
  [
    "a server of an unknown revision",
    () => starting({ args: ["hostile.mjs", "--version", "1999-01-01"] }),
    { code: Code.Internal, reason: "UNSUPPORTED_PROTOCOL_VERSION" },
  ],
  [
    "a program that is not there",
    () => starting({ command: ["/nope"] }),
    { code: Code.FailedPrecondition, exit_code: "127" },
  ],
  [
    "a user that is not there",
    () => starting({ user: "nobody-here" }),
    { code: Code.FailedPrecondition, reason: "START_REFUSED" },
  ],
  [
    "an unknown server",
    () => failureOf(client.callTool({ server: "nope", tool: "x" })),
    { code: Code.NotFound, server: "nope" },
  ],
  [
    "an unknown tool",
    () => calling("nope"),
    { code: Code.NotFound, reason: "TOOL_NOT_FOUND", delivery: "answered", server: "h" },
  ],
  ["no tool", () => calling(""), { code: Code.InvalidArgument, fields: ["tool"] }],
  [
    "refused parameters",
    () => calling("error", { code: -32602, message: "text must be a string", data: { at: "text" } }),
    { code: Code.InvalidArgument, reason: "SERVER_REFUSED_PARAMS", delivery: "answered", rpc_data: '{"at":"text"}' },
  ],
  [
    "a method that the server lacks",
    () => calling("error", { code: -32601 }),
    { code: Code.Unimplemented, delivery: "answered" },
  ],
  [
    "an error of the server's own",
    () => calling("error", { code: -32099 }),
    { code: Code.Unknown, delivery: "answered", rpc_code: "-32099" },
  ],
  [
    "a result that is none",
    () => calling("raw", { json: '"text"' }),
    {
      code: Code.Internal,
      reason: "MALFORMED_RESULT",
      delivery: "answered",
      server: "h",
      instance: expect.stringMatching(/./),
    },
  ],
  [
    "arguments that are no object",
    () => failureOf(client.callTool({ server: "h", tool: "echo", input: { case: "argumentsJson", value: "[1]" } })),
    { code: Code.InvalidArgument, fields: ["arguments_json"] },
  ],
  [
    "arguments that smuggle a line",
    () =>
      failureOf(
        client.callTool({
          server: "h",
          tool: "echo",
          input: { case: "argumentsJson", value: '{}}\n{"jsonrpc":"2.0"' },
        }),
      ),
    { code: Code.InvalidArgument, fields: ["arguments_json"] },
  ],
  [
    "a structure with an integer that was rounded",
    () => calling("echo", { deep: [{ n: 2 ** 53 }] }),
    { code: Code.InvalidArgument, fields: ["arguments.deep[0].n"] },
  ],
  ["a negative page size", () => failureOf(client.list({ pageSize: -1 })), { fields: ["page_size"] }],
  ["a page token of another's", () => failureOf(client.list({ pageToken: "!" })), { fields: ["page_token"] }],
  [
    "a grace period of a year",
    () => failureOf(client.stop({ name: "h", gracePeriod: { seconds: 31_536_000n } })),
    { fields: ["grace_period"] },
  ],
];

describe("An error", () => {
  it.each(table)("for %s has its code, reason and field", async (_what, ask, expected) => {
    expect(errorInfo(await ask())).toMatchObject({ delivery: "not_sent", ...expected });
  });

  it("leaves no container behind", async () => {
    expect(await manager.containers()).toHaveLength(1);
    expect((await client.list({})).servers.map(({ name }) => name)).toEqual(["h"]);
  });
});

/** As a person with curl: what a client library would not send. */
async function post(method: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${manager.url}/mcpmanager.v1.ManagerService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return {
    status: response.status,
    body: (await response.json()) as { code: string; message: string; details: { type: string }[] },
  };
}

describe("A Connect request", () => {
  it.each([
    ["a misspelt field", '{"name":"x","spec":{"imagee":"y"}}', "imagee"],
    ["arguments of the wrong type", '{"name":5}', "name"],
    ["what is no JSON", "{", "JSON"],
  ])("with %s is INVALID_ARGUMENT with details that say so", async (_what, body, word) => {
    const received = await post("Start", body);
    expect(received).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
    expect(received.body.message).toContain(word);
    expect(received.body.details[0]?.type).toBe("google.rpc.ErrorInfo");
  });

  it("larger than the limit is RESOURCE_EXHAUSTED", async () => {
    const received = await post(
      "CallTool",
      JSON.stringify({ server: "h", tool: "echo", argumentsJson: "x".repeat(17 * 1024 * 1024) }),
    );
    expect(received.body).toMatchObject({ code: "resource_exhausted", details: [{ type: "google.rpc.ErrorInfo" }] });
  });

  it("without a JSON or proto content type is refused", async () => {
    const response = await fetch(`${manager.url}/mcpmanager.v1.ManagerService/Stop`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: '{"name":"h"}',
    });
    expect(response.status).toBe(415);
  });

  it("from a web page of another origin is refused, even without a body", async () => {
    const response = await fetch(`${manager.url}/mcpmanager.v1.ManagerService/Stop`, {
      method: "POST",
      headers: { origin: "https://evil.example", "content-type": "application/json" },
    });
    expect(response.status).toBe(403);
    expect((await client.get({ name: "h" })).server?.name).toBe("h");
  });
});
