import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** The runner is a Go program that `make test` brings, where there is Go. */
describe.skipIf(process.env.MCPM_TEST_WITHOUT_CONFORMANCE)("The listener passes Connect's conformance cases", () => {
  it.each([
    ["with the fast path", []],
    ["by the RPC library alone", ["library"]],
  ])("%s, but for the listed differences", async (_path, options) => {
    const { stdout } = await promisify(execFile)("scripts/conformance", options);
    expect(stdout).toMatch(/^994 passed, 0 failed$/m);
  });
});
