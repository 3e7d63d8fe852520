import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createPinoLog } from "../../../src/base/log/pino-log.ts";

const log = fileURLToPath(new URL("../../../src/base/log/pino-log.ts", import.meta.url));

it("The log of a bug has its stack", () => {
  const program = `
    const { createPinoLog } = await import(${JSON.stringify(log)});
    createPinoLog("info").error("bug", { error: new TypeError("no such thing") });`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(JSON.parse(stderr)).toMatchObject({
    msg: "bug",
    error: {
      type: "TypeError",
      message: "no such thing",
      stack: expect.stringContaining("TypeError: no such thing\n"),
    },
  });
});

describe("The log", () => {
  it("shows characters that hide or turn text as their numbers, and means them all the same", () => {
    const lines: string[] = [];
    const log = createPinoLog("info", { write: (line) => lines.push(line) });
    const name = "a\u202egnp.exe\u200b\u2066\ufeff\u2028\u0085\u00ad\u{e0041}ä☃";
    log.warn(`server ${name}`, { name });
    const [line = ""] = lines;
    expect(line).toMatch(/^[ -~ä☃]*\n$/);
    expect(line).toContain(String.raw`a\u202egnp.exe\u200b\u2066\ufeff\u2028\u0085\u00ad\udb40\udc41ä☃`);
    expect(JSON.parse(line)).toMatchObject({ name, msg: `server ${name}` });
  });
});
