import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs a program to its end and returns what it printed. Throws with both outputs when it fails. */
export async function runProgram(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args], { maxBuffer: 64 * 1024 * 1024, timeout: 120_000 });
  return stdout;
}
