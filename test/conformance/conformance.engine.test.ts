import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** The runner is a Go program that `make test` brings, where there is Go. */
it.skipIf(process.env.MCPM_TEST_WITHOUT_CONFORMANCE)(
  "The listener passes Connect's conformance cases, but for the listed differences",
  async () => {
    const { stdout } = await promisify(execFile)("scripts/conformance");
    expect(stdout).toMatch(/^994 passed, 0 failed$/m);
  },
);
