// What a request costs is known from its bytes: through every door it is refused before anything is made of it.
import type { DescMethod } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../../gen/health/v1/health_pb.ts";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { type FieldPath, fieldPaths, lengthDelimited, timesOver } from "../../rpc/binary/wire-bytes.ts";
import { ask, envelope } from "../../rpc/fast-path/grpc-bytes.ts";
import { connectRaw } from "../../server/raw-client.ts";
import { hostileProcessSpec, TestManager } from "../test-manager.ts";

let manager: TestManager;
let withoutLean: TestManager;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  withoutLean = await TestManager.start({ MCPM_RUNTIME: "process" }, { fastPath: false });
  await manager.client.start({ name: "h", spec: hostileProcessSpec() });
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await withoutLean[Symbol.asyncDispose]();
});

/** Sends a message, and gives all that its caller sees of the response. */
type Door = (method: DescMethod, message: Buffer) => Promise<string>;

const grpc =
  (url: () => string): Door =>
  async (method, message) => {
    const { trailers } = await ask(url(), { pieces: [envelope(message)], headers: { ":path": pathOf(method) } });
    return decodeURIComponent(String(trailers["grpc-message"]));
  };
const posted =
  (type: string, bytesOf: (message: Buffer) => Buffer): Door =>
  async (method, message) => {
    const headers = { "content-type": type };
    const body = new Uint8Array(bytesOf(message));
    const response = await fetch(manager.url + pathOf(method), { method: "POST", headers, body });
    return shown(await response.text());
  };

const doors: Readonly<Record<string, Door>> = {
  gRPC: grpc(() => manager.url),
  "gRPC by the RPC library": grpc(() => withoutLean.url),
  "gRPC-Web": posted("application/grpc-web+proto", envelope),
};
const connect = posted("application/proto", (message) => message);
const connectStream = posted("application/connect+proto", envelope);

const methods = [ManagerService, Health, ServerReflection, ServerReflectionAlpha].flatMap((service) => service.methods);
const farTooMany = 450_000;

/** Fields that can have many values or a message, but for what is within a Struct, which one is enough for. */
const rows = methods.flatMap((method) =>
  fieldPaths(method.input)
    .filter((path) => isCostly(path))
    .flatMap((path) =>
      doorsOf(method).map(([by, door]) => ({ what: `${titleOf(method, path)}, by ${by}`, method, path, door })),
    ),
);

describe("A binary request with far too many values is refused before it is decoded, naming the field:", () => {
  it.each(rows)("$what", async ({ method, path, door }) => {
    const decoded = vi.spyOn(BinaryReader.prototype, "tag");
    const response = await door(method, timesOver(path, farTooMany));
    expect(decoded).not.toHaveBeenCalled();
    decoded.mockRestore();
    expect(response).toContain(`${ownName(path)}: has too many values`);
  });

  const streams = methods.filter(({ methodKind }) => methodKind === "bidi_streaming");
  it.each(streams.map((method) => [method.parent.typeName, method] as const))(
    "a message of a stream to %s that has what it does not know",
    async (_service, method) => {
      const record = lengthDelimited(1000, Buffer.alloc(0));
      expect(await doors.gRPC?.(method, Buffer.alloc(record.length * farTooMany, record))).toContain(
        "has too many values",
      );
    },
  );
});

describe("JSON is refused before it is parsed", () => {
  const values = `[${"0,".repeat(farTooMany)}0]`;
  const call = `{"server":"h","tool":"echo","arguments":{"list":${values}}}`;
  const callPath = "/mcpmanager.v1.ManagerService/CallTool";
  const inEnvelope = (text: string) => envelope(Buffer.from(text));
  it.each([
    ["Connect", "application/json", callPath, Buffer.from(call)],
    ["Connect, by the RPC library", "application/json;charset=utf-8", callPath, Buffer.from(call)],
    ["Connect, of a stream", "application/connect+json", `${callPath}Stream`, inEnvelope(call)],
    ["gRPC-Web", "application/grpc-web+json", callPath, inEnvelope(call)],
    ["REST", "application/json", "/servers/h/call", Buffer.from(`{"tool":"echo","arguments":{"list":${values}}}`)],
  ])("when it has too many values, by %s", async (_door, type, path, body) => {
    const parsed = vi.spyOn(JSON, "parse");
    const response = await fetch(manager.url + path, {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(body),
    });
    const text = shown(await response.text());
    expect(parsed.mock.calls.filter(([json]) => json.length > 1000)).toEqual([]);
    parsed.mockRestore();
    expect(text).toContain("has too many values");
  });

  const digits = "9".repeat(100_000);
  const start = `{"image":"x","limits":{"memory_bytes":"${digits}"}}`;
  const service = "/mcpmanager.v1.ManagerService";
  it.each([
    ["Connect", "application/json", `${service}/List`, Buffer.from(`{"pageSize":"${digits}"}`), "page_size"],
    ["gRPC-Web", "application/grpc-web+json", `${service}/List`, inEnvelope(`{"pageSize":"${digits}"}`), "page_size"],
    ["REST", "application/json", "/servers/s/start", Buffer.from(start), "spec.limits.memory_bytes"],
  ])("as a number, when it has 100,000 digits, by %s", async (_door, type, path, body, field) => {
    const read = vi.spyOn(globalThis, "BigInt");
    const response = await fetch(manager.url + path, {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(body),
    });
    const text = shown(await response.text());
    expect(read.mock.calls.filter(([value]) => String(value).length > 1000)).toEqual([]);
    read.mockRestore();
    expect(text).toContain(`${field}: is not a number that this field can have`);
  });
});

describe("A list of ours is refused by its length before anything is made of its items", () => {
  const mounts = `[${"{},".repeat(20_000)}{}]`;
  it.each([
    ["Connect", "/mcpmanager.v1.ManagerService/Start", `{"name":"s","spec":{"image":"x","mounts":${mounts}}}`],
    ["REST", "/servers/s/start", `{"image":"x","mounts":${mounts}}`],
  ])("in JSON, by %s", async (_door, path, body) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(manager.url + path, { method: "POST", headers, body });
    expect(await response.text()).toContain("spec.mounts: has too many values");
  });
});

describe("A body that comes byte by byte", () => {
  it("is read as if it had come at once, by the RPC library too", async () => {
    for (const { url } of [manager, withoutLean]) {
      const client = await connectRaw(Number(new URL(url).port));
      const body = '{"name":"nobody"}';
      const chunks = [...body].map((byte) => `1\r\n${byte}\r\n`).join("");
      const head = "POST /mcpmanager.v1.ManagerService/Get HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close";
      client.socket.write(
        `${head}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
      );
      await client.closed;
      expect(client.received()).toContain("there is no server nobody");
    }
  });
});

describe("Reflection and health answer a name of a million characters without repeating it", () => {
  const long = Buffer.alloc(1_000_000, ".");
  it.each([
    ["a symbol", ServerReflection.method.serverReflectionInfo, 4, "file_containing_symbol: must have at most 1024"],
    ["a file", ServerReflectionAlpha.method.serverReflectionInfo, 3, "file_by_filename: must have at most 1024"],
    ["a service", Health.method.check, 1, "no service"],
  ])("%s", async (_what, method, field, text) => {
    const response = await doors.gRPC?.(method, lengthDelimited(field, long));
    expect(response).toContain(text);
    expect(response?.length).toBeLessThan(500);
  });
});

function doorsOf(method: DescMethod): [string, Door][] {
  if (method.methodKind === "bidi_streaming") return [["gRPC", doors.gRPC as Door]];
  const own: [string, Door] = method.methodKind === "unary" ? ["Connect", connect] : ["Connect", connectStream];
  return [...Object.entries(doors), own];
}

/** gRPC-Web has its message among the trailers in the body. */
function shown(text: string): string {
  const message = /grpc-message: ([^\r]*)/.exec(text)?.[1];
  return message === undefined ? text : decodeURIComponent(message);
}

function isCostly(path: FieldPath): boolean {
  const [field] = path.slice(-1);
  if (field === undefined || field.parent.typeName.startsWith("google.protobuf.")) return false;
  return field.fieldKind === "list" || field.fieldKind === "map" || field.message !== undefined;
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

function ownName(path: FieldPath): string {
  return path.map(({ name }) => name).join(".");
}

function titleOf({ name }: DescMethod, path: FieldPath): string {
  return `${name} ${ownName(path)}`;
}
