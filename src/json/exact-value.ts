import { isExactNumber } from "./exact-number.ts";
import { JsonSyntaxError, scanValue } from "./json-scan.ts";

/** Deepest nesting of a typed value: Python's protobuf fails beyond 33 levels. */
const maxDepth = 30;
/** More values take seconds and gigabytes as a message: every value becomes several objects. */
const maxValues = 100_000;

/**
 * Whether a JSON text survives the way through google.protobuf.Value: every number is a double's own decimal form, at
 * most 30 levels and 100,000 values, no unpaired surrogate, no name twice in one object, and no `__proto__`, which
 * JavaScript loses.
 */
export function isExactValue(text: string): boolean {
  try {
    return scanExact(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false; // Too deep or too many: the text was proven before.
    throw error;
  }
}

function scanExact(text: string): boolean {
  let exact = true;
  const names: Set<string>[] = [];
  const check = (condition: boolean) => {
    exact &&= condition;
  };
  scanValue(text, 0, {
    maxDepth,
    budget: { valuesLeft: maxValues },
    visitor: {
      open() {
        names.push(new Set());
      },
      close() {
        names.pop();
      },
      name(start, end) {
        const name = JSON.parse(text.slice(start, end)) as string;
        const seen = names.at(-1);
        check(name !== "__proto__" && name.isWellFormed() && seen?.has(name) === false);
        seen?.add(name);
      },
      string(start, end) {
        const raw = text.slice(start, end);
        check(!raw.includes("\\u") || (JSON.parse(raw) as string).isWellFormed());
      },
      number(start, end) {
        check(isExactNumber(text.slice(start, end)));
      },
    },
  });
  return exact;
}
