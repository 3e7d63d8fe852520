/**
 * row.ts ENGINE...: prints a line of a table for each engine that test-engines
 * tried: what it is, whether the demo passed, and the tests by files that have
 * failures. Ends 1 when something failed or was not tried to its end.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

interface Version {
  readonly Platform?: { readonly Name: string };
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[];
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
}

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

let failed = false;
console.log("| | engine | API (least) | demo | passed | failed | skipped | files that failed |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (const engine of process.argv.slice(2)) console.log(`| ${row(engine).join(" | ")} |`);
process.exitCode = failed ? 1 : 0;

function row(engine: string): string[] {
  const version = read<Version>(engine, "version.json");
  const demo = text(engine, "demo").trim() || "not tried";
  const results = read<Results>(engine, "engine.json");
  if (demo !== "passed" || results === undefined) failed = true;
  const about = [engine, named(version), version ? `${version.ApiVersion} (${version.MinAPIVersion})` : "-", demo];
  if (results === undefined) return [...about, "-", "-", "-", "the tests did not run to their end"];
  const files = results.testResults.filter(({ status }) => status === "failed");
  if (files.length > 0) failed = true;
  const { numPassedTests, numFailedTests, numPendingTests } = results;
  return [...about, ...[numPassedTests, numFailedTests, numPendingTests].map(String), files.map(failures).join(", ")];
}

/** The file and how many of its tests failed; one that can't be loaded has none. */
function failures({ name, assertionResults }: Results["testResults"][number]): string {
  const count = assertionResults.filter(({ status }) => status === "failed").length;
  return `${path.relative("test", name)}: ${count || "not loaded"}`;
}

function named(version: Version | undefined): string {
  if (version === undefined) return "did not start";
  const [main] = version.Components ?? [];
  return `${main?.Name === "Podman Engine" ? "Podman" : "Docker"} ${main?.Version ?? version.Version}`;
}

function read<T>(engine: string, file: string): T | undefined {
  const content = text(engine, file);
  return content === "" ? undefined : JSON.parse(content);
}

function text(engine: string, file: string): string {
  try {
    return readFileSync(path.join(".tools/engines/results", engine, file), "utf8");
  } catch {
    return "";
  }
}
