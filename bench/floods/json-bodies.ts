import type { Body } from "./body.ts";
import { counted, filled } from "./bytes/proto-bytes.ts";
import type { Protocol } from "./send-request.ts";

/** A little under 16 MiB, MCPM_MAX_REQUEST_BYTES. */
const size = 16 * 1024 * 1024 - 1024;
const protocols: readonly Protocol[] = ["Connect JSON", "REST"];

/** A CallTool whose argument `a` begins, goes on and ends with this. */
function call(name: string, { begin, middle, end }: { begin: string; middle: () => Buffer; end: string }): Body {
  return {
    name: `JSON: ${name}`,
    protocols,
    make: (protocol) => ({
      to: protocol === "REST" ? "POST /servers/echo/call" : "CallTool",
      body: Buffer.concat([
        Buffer.from(`{${protocol === "REST" ? "" : '"server":"echo",'}"tool":"echo","arguments":{"a":${begin}`),
        middle(),
        Buffer.from(`${end}}}`),
      ]),
    }),
  };
}

/** A Start whose spec has a field of that name, with this in it. */
function start(name: string, { begin, middle, end }: { begin: string; middle: () => Buffer; end: string }): Body {
  return {
    name: `JSON: Start: ${name}`,
    protocols,
    make: (protocol) => {
      const spec = Buffer.concat([Buffer.from(`{"image":"none:1",${begin}`), middle(), Buffer.from(`${end}}`)]);
      return protocol === "REST"
        ? { to: "POST /servers/flood/start", body: spec }
        : { to: "Start", body: Buffer.concat([Buffer.from('{"name":"flood","spec":'), spec, Buffer.from("}")]) };
    },
  };
}

function again(unit: string): () => Buffer {
  return () => filled(size, Buffer.from(unit));
}

/** Members with keys of their own, after a first one. */
function keys(value: string): () => Buffer {
  const unit = Buffer.from(`,"kkkkkk":${value}`);
  return () => counted(size, { unit, at: unit.indexOf("k"), digits: 6 });
}

/** About a hundred thousand members, as many as there may be, whose names are long and distinct. */
function longNames(char: string): () => Buffer {
  const unit = Buffer.from(`,"kkkkkk${char.repeat(Math.floor(155 / char.length))}":0`);
  return () => counted(99_000 * unit.length, { unit, at: unit.indexOf("k"), digits: 6 });
}

export const jsonBodies: readonly Body[] = [
  call("8 M array members", { begin: "[0", middle: again(",0"), end: "]" }),
  call("1.4 M keys", { begin: '{"b":0', middle: keys("0"), end: "}" }),
  call("99,000 long names", { begin: '{"b":0', middle: longNames("x"), end: "}" }),
  call("99,000 long names in escapes", { begin: '{"b":0', middle: longNames("\\u00e9"), end: "}" }),
  call("[[[[…", { begin: "", middle: again("["), end: "" }),
  call("16 MB of digits", { begin: "1", middle: again("1"), end: "" }),
  call("16 MB of escapes", { begin: '"', middle: again("\\u00e9"), end: '"' }),
  start("5 M mounts", { begin: '"mounts":[{}', middle: again(",{}"), end: "]" }),
  start("1.3 M env entries", { begin: '"env":{"b":""', middle: keys('""'), end: "}" }),
];
