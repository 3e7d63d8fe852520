/**
 * test-totals FILE...: prints the totals of Vitest's JSON results, `N passed,
 * N failed`. Ends 1 when something failed, when a file is missing (its tests
 * did not run) or when no test ran at all.
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
    console.error(`Error: ${path} is missing: its tests did not run.`);
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
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
