import { gzipSync } from "node:zlib";
import type { Body } from "./body.ts";
import { counted, field, filled, nested } from "./bytes/proto-bytes.ts";
import type { LargeRequest, Protocol } from "./send-request.ts";

/** Of 16 MiB, MCPM_MAX_REQUEST_BYTES, some is for the fields around. */
const size = 16 * 1024 * 1024 - 1024;
/** What a call may send to its server is a little more. */
const callSize = 10_000_000;
const bombBytes = 256 * 1024 * 1024;

const binary: readonly Protocol[] = ["gRPC", "Connect"];
const overGrpc: readonly Protocol[] = ["gRPC"];
const noBytes = Buffer.alloc(0);

/** Field `arguments` of CallToolRequest: a Struct with one value, whose own field is given. */
function argument(value: Buffer): Buffer {
  return field(3, field(1, Buffer.concat([field(1, "a"), field(2, value)])));
}

function callTool(
  name: string,
  { parts, protocols = binary }: { parts: () => Buffer; protocols?: typeof binary },
): Body {
  const make = () => ({ to: "CallTool", body: Buffer.concat([field(1, "echo"), field(2, "echo"), parts()]) });
  return { name, protocols, make };
}

/** `arguments_json`. */
function json(name: string, text: () => Buffer): Body {
  return callTool(`arguments_json: ${name}`, { parts: () => field(4, text()), protocols: overGrpc });
}

function start(
  name: string,
  { parts, protocols = overGrpc }: { parts: () => Buffer; protocols?: typeof binary },
): Body {
  const make = () => ({
    to: "Start",
    body: Buffer.concat([field(1, "flood"), field(2, Buffer.concat([field(1, "none:1"), field(2, "node"), parts()]))]),
  });
  return { name, protocols, make };
}

/** An empty element of a repeated field, again and again. */
function empties(number: number): Buffer {
  return filled(size, field(number, noBytes));
}

/** Entries of a map field, each with a key of its own and this value. */
function entries(number: number, { key, value = noBytes }: { key: number; value?: Uint8Array }): Buffer {
  const unit = field(number, Buffer.concat([field(1, "k".repeat(key)), value]));
  return counted(size, { unit, at: unit.indexOf("kkk"), digits: key });
}

const nullValue = Buffer.of(0x08, 0);
const listValue = 6;

export const protoBodies: readonly Body[] = [
  callTool("Struct: list of 8 M values", { parts: () => argument(field(listValue, empties(1))) }),
  callTool("Struct: list of 4 M nulls", {
    parts: () => argument(field(listValue, filled(size, field(1, nullValue)))),
    protocols: overGrpc,
  }),
  callTool("Struct: 1.2 M keys", { parts: () => field(3, entries(1, { key: 5, value: field(2, nullValue) })) }),
  callTool("Struct: nested deeply", { parts: () => argument(nested(size, listValue)) }),
  callTool("Struct: a string of 16 MB", { parts: () => argument(field(3, Buffer.alloc(size, "x"))) }),
  json("[[[[…", () => wrapped("", { unit: "[", bytes: size })),
  json("5 M arrays", () => wrapped("[]", { unit: ",[]", bytes: size })),
  json("3 M arrays, 10 MB", () => wrapped("[]", { unit: ",[]", bytes: callSize })),
  json("1.6 M keys", () => keyed(size)),
  json("1 M keys, 10 MB", () => keyed(callSize)),
  json("a key repeated", () =>
    Buffer.concat([Buffer.from('{"a":0'), filled(size, Buffer.from(',"a":0')), Buffer.from("}")]),
  ),
  start("Start: 8 M mounts", { parts: () => empties(5), protocols: binary }),
  start("Start: 2 M env entries", { parts: () => entries(4, { key: 4 }), protocols: binary }),
  start("Start: 1.8 M labels", { parts: () => entries(17, { key: 4 }) }),
  start("Start: 8 M args", { parts: () => empties(3) }),
  start("Start: 8 M cap_add", { parts: () => empties(11) }),
  {
    name: "GetPrompt: 1 M arguments",
    protocols: binary,
    make: () => {
      const args = entries(3, { key: 6, value: field(2, "vvvv") });
      return { to: "GetPrompt", body: Buffer.concat([field(1, "echo"), field(2, "p"), args]) };
    },
  },
  {
    name: "Complete: 1 M arguments",
    protocols: overGrpc,
    make: () => {
      const args = entries(6, { key: 6, value: field(2, "vvvv") });
      return { to: "Complete", body: Buffer.concat([field(1, "echo"), field(2, "p"), field(4, "a"), args]) };
    },
  },
  callTool("5 M unknown fields", { parts: () => filled(size, Buffer.of(0xa0, 0x06, 0)) }),
  callTool("meta_json: 1.6 M keys", { parts: () => field(6, keyed(size)), protocols: overGrpc }),
  {
    name: "Start: spec 8 M times",
    protocols: binary,
    make: () => ({ to: "Start", body: Buffer.concat([field(1, "flood"), empties(2)]) }),
  },
  {
    name: "3 M messages without a byte",
    protocols: overGrpc,
    make: () => ({ to: "CallTool", body: filled(size, Buffer.alloc(5)), enveloped: true }),
  },
  start("Start: 5 M unknown fields of spec", { parts: () => filled(size, Buffer.of(0xa0, 0x06, 0)) }),
];

/** 256 MiB of zeros, compressed. */
export const bombs: readonly Body[] = [
  {
    name: "gzip of 256 MiB",
    protocols: ["gRPC", "Connect", "Connect JSON", "REST"],
    make: (protocol): LargeRequest => ({
      to: protocol === "REST" ? "POST /servers/echo/call" : "CallTool",
      body: gzipSync(Buffer.alloc(bombBytes), { level: 1 }),
      headers: { [protocol === "gRPC" ? "grpc-encoding" : "content-encoding"]: "gzip" },
    }),
  },
];

/** An object with one array that begins with this and goes on by the unit. */
function wrapped(first: string, { unit, bytes }: { unit: string; bytes: number }): Buffer {
  return Buffer.concat([Buffer.from(`{"a":[${first}`), filled(bytes, Buffer.from(unit)), Buffer.from("]}")]);
}

function keyed(bytes: number): Buffer {
  const unit = Buffer.from(',"kkkkk":0');
  const members = counted(bytes, { unit, at: unit.indexOf("k"), digits: 5 });
  return Buffer.concat([Buffer.from('{"a":0'), members, Buffer.from("}")]);
}
