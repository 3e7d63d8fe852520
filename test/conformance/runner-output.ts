import { type Difference, type DifferenceName, differences } from "./differences.ts";

export interface FailedCase {
  readonly name: string;
  /** What the runner holds against it. */
  readonly complaints: readonly string[];
}

export interface RunnerOutput {
  readonly total: number;
  readonly passed: number;
  readonly failed: readonly FailedCase[];
}

/** Reads what the runner prints: a block for each case that failed, and the totals. Throws when there are none. */
export function readRunnerOutput(text: string): RunnerOutput {
  const [, total, passed, failures] = /^Total cases: (\d+)\n(\d+) passed, (\d+) failed$/m.exec(text) ?? [];
  const [cases = ""] = text.split(/^Total cases: /m);
  const [, ...blocks] = cases.split(/^FAILED: /m);
  const failed = blocks.map(readBlock);
  if (total === undefined || failed.length !== Number(failures)) {
    throw new Error(`the runner did not say how its cases ended: ${text.slice(-2000)}`);
  }
  return { total: Number(total), passed: Number(passed), failed };
}

/** Below the case's name one complaint a line; those of the reference client are joined by semicolons. */
function readBlock(block: string): FailedCase {
  const [name = "", ...lines] = block
    // Go writes no-break spaces into such texts, now and then, so that nobody compares them.
    .replaceAll("\u00a0", " ")
    .split("\n")
    .map((line) => line.trim().replace(/^; /, ""));
  return { name: name.replace(/:$/, ""), complaints: lines.filter((line) => line !== "") };
}

/** The difference that explains all that is held against a case. */
export function differenceOf({ name, complaints }: FailedCase): DifferenceName | undefined {
  const explains = ({ cases, complaints: known }: Difference) =>
    cases.test(name) &&
    complaints.length > 0 &&
    complaints.every((complaint) => known.some((pattern) => pattern.test(complaint)));
  return Object.entries(differences).find(([, difference]) => explains(difference))?.[0] as DifferenceName | undefined;
}
