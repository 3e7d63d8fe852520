import { isExactNumber } from "./exact-number.ts";
import { decodeName } from "./json-members.ts";
import { scanValue } from "./json-scan.ts";
import type { JsonPath } from "./repeated-member.ts";

/** Where the first number is that is not exactly a double, or undefined. `text` must be JSON. */
export function inexactNumber(text: string): JsonPath | undefined {
  const path: (string | number)[] = [];
  let found: JsonPath | undefined;
  /** In a list, the next item begins; a member's name has said so before. */
  const value = () => {
    const step = path.at(-1);
    if (typeof step === "number") path[path.length - 1] = step + 1;
  };
  scanValue(text, 0, {
    visitor: {
      open(start) {
        value();
        path.push(text[start] === "{" ? "" : -1);
      },
      close() {
        path.pop();
      },
      name(start) {
        path[path.length - 1] = decodeName(text, start);
      },
      number(start, end) {
        value();
        if (!isExactNumber(text.slice(start, end))) found ??= [...path];
      },
      string: value,
      literal: value,
    },
  });
  return found;
}

/** Fewer digits without an exponent are exact. What this finds within strings costs only the look. */
const mayBeInexact = /[0-9][0-9.]{15}|[0-9][eE][+-]?[0-9]/;

/** As inexactNumber, at the price of a search when there is none. */
export function roundedNumber(text: string): JsonPath | undefined {
  return mayBeInexact.test(text) ? inexactNumber(text) : undefined;
}
