import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

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
