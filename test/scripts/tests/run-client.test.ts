import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../../scripts/tests/run-client", import.meta.url));

describe("run-client", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "client-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What is then in the file of a client that does this. */
  function output(program: string, { seconds = 60 } = {}): string {
    const file = join(folder, "client.txt");
    expect(spawnSync(script, [`${seconds}`, file, "sh", "-c", program]).status).toBe(0);
    return readFileSync(file, "utf8");
  }

  it.each([
    ["all passed", "2 passed, 0 failed", 0],
    ["one failed", "1 passed, 1 failed", 1],
  ])("leaves the totals as they are: %s", (_what, totals, status) => {
    expect(output(`echo '${totals}'; exit ${status}`)).toBe(`${totals}\n`);
  });

  it("voids the totals of a client that ends otherwise than they say", () => {
    expect(output("echo '2 passed, 0 failed'; exit 3")).toBe("2 passed, 0 failed\nIt ended with the status 3.\n");
  });

  it("ends a client that does not end by itself", () => {
    const said = output("echo '2 passed, 0 failed'; exec sleep 1000", { seconds: 1 });
    expect(said).toBe("2 passed, 0 failed\nIt did not end within 1 s.\n");
  });

  it("keeps what a client wrote on stderr", () => {
    expect(output("echo panic >&2; exit 2")).toBe("panic\n");
  });
});
