import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Before all tests: what their managers keep lies in a folder of the tests' own, which is removed after them. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "mcpm-state-"));
  process.env.XDG_STATE_HOME = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Where managers that a program starts without Vitest keep what outlives them. */
export const stateHome = (): string => process.env.XDG_STATE_HOME ?? join(tmpdir(), "mcpm-state");
