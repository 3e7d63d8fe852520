import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../../scripts/tests/test-totals.ts", import.meta.url));
const vitest = { numPassedTests: 40, numFailedTests: 0, numPendingTests: 2, numTodoTests: 0, testResults: [] };

describe("test-totals", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "totals-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function totals(files: Record<string, string | undefined>) {
    const paths = Object.entries(files).map(([name, content]) => {
      if (content !== undefined) writeFileSync(join(folder, name), content);
      return join(folder, name);
    });
    const { stdout, status } = spawnSync(process.execPath, [script, ...paths], { encoding: "utf8" });
    return { stdout: stdout.trim(), status };
  }

  it("adds Vitest's results and the clients' outputs up", () => {
    const files = { "unit.json": JSON.stringify(vitest), "client-go.txt": "  ✓ Start\n2 passed, 0 failed\n" };
    expect(totals(files)).toEqual({ stdout: "42 passed, 0 failed, 2 skipped", status: 0 });
  });

  it("fails with a client's failed check", () => {
    expect(totals({ "client-go.txt": "  ✗ Start\n1 passed, 1 failed\n" })).toEqual({
      stdout: "1 passed, 1 failed",
      status: 1,
    });
  });

  it("counts a client as failed that tried nothing", () => {
    const files = { "unit.json": JSON.stringify(vitest), "client-go.txt": "0 passed, 0 failed\n" };
    expect(totals(files)).toEqual({ stdout: "40 passed, 1 failed, 2 skipped", status: 1 });
  });

  it("counts a client as failed that did not get to its totals, and one that is missing", () => {
    const files = {
      "unit.json": JSON.stringify(vitest),
      "client-go.txt": "  ✓ Start\npanic\n",
      "client-java.txt": undefined,
    };
    expect(totals(files)).toEqual({ stdout: "40 passed, 2 failed, 2 skipped", status: 1 });
  });
});
