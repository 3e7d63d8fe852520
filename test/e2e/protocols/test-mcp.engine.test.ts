import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestManager } from "../test-manager.ts";

const script = fileURLToPath(new URL("../../../test-mcp.sh", import.meta.url));

function run(url: string): Promise<{ lines: string[]; code: number }> {
  return new Promise((resolve) => {
    execFile(script, { env: { ...process.env, MCPM_URL: url } }, (error, stdout) => {
      resolve({ lines: stdout.trimEnd().split("\n"), code: error === null ? 0 : Number(error.code) });
    });
  });
}

// Without curl, `make test` says that these are skipped.
describe.skipIf(process.env.MCPM_TEST_WITHOUT_CURL)("test-mcp.sh", () => {
  let manager: TestManager;
  let response: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    manager = await TestManager.start();
    response = await run(manager.url);
  });
  afterAll(() => manager[Symbol.asyncDispose]());

  it.each([
    "Health check of the manager",
    "Start of an MCP server",
    "Communication with the server",
    "Call of an MCP tool",
    "Stop of the server",
  ])("passes: %s", (check) => {
    expect(response.lines).toContain(`✓ ${check}`);
  });

  it("ends 0, and leaves no server behind", async () => {
    expect(response).toMatchObject({ code: 0 });
    expect(response.lines.at(-1)).toBe("5 passed, 0 failed");
    expect(await manager.containers()).toEqual([]);
  });

  it("ends 1 where no manager listens, and says why", async () => {
    const { lines, code } = await run("http://127.0.0.1:1");
    expect(code).toBe(1);
    expect(lines).toContain("✗ Health check of the manager");
    expect(lines.join("\n")).toContain("Failed to connect");
    expect(lines.at(-1)).toBe("0 passed, 5 failed");
  });
});
