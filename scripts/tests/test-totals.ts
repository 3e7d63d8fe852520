/**
 * test-totals FILE...: prints the totals of Vitest's JSON results and of the
 * clients' outputs (.txt), which close with theirs: `N passed, N failed`. Ends
 * 1 when something failed, when a file is missing or lacks its totals (its
 * tests did not run, or not to their end), and when a client or all of them
 * together tried nothing.
 */
import { readFileSync } from "node:fs";

interface Results {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

let passed = 0;
let failed = 0;
let skipped = 0;

for (const path of process.argv.slice(2)) {
  const results = read(path);
  if (results === undefined) {
    console.error(`Error: ${path} has no totals: its tests did not run to their end.`);
    failed += 1;
    continue;
  }
  // A file that can't be loaded fails without a test of its own.
  const unloadable = results.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  passed += results.numPassedTests;
  failed += results.numFailedTests + unloadable.length;
  skipped += results.numPendingTests + results.numTodoTests;
}

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function read(path: string): Results | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return path.endsWith(".txt") ? ofClient(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ofClient(output: string): Results | undefined {
  const [, passed, failed] = /^([0-9]+) passed, ([0-9]+) failed$/.exec(output.trimEnd().split("\n").at(-1) ?? "") ?? [];
  if (passed === undefined || failed === undefined) return undefined;
  // One that tried nothing shows nothing.
  if (Number(passed) + Number(failed) === 0) return undefined;
  return {
    numPassedTests: Number(passed),
    numFailedTests: Number(failed),
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
  };
}
