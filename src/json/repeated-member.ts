import { decodeName } from "./json-members.ts";
import { type JsonVisitor, scanValue } from "./json-scan.ts";

const openBrace = 0x7b;

/** Where something is in a JSON value: names of members, positions in lists. */
export type JsonPath = readonly (string | number)[];

/** An object with the names that it has so far, or a list; `key` says where in it the scan is. */
type Container = { readonly names: Set<string>; key: string } | { readonly names: undefined; key: number };

/**
 * The first member that its object has already, or undefined. `text` must be JSON. JSON.parse takes the last of such
 * members without a word, other parsers the first, and the code that checks a request must not see another value than the
 * server that runs it.
 */
export function repeatedMember(text: string): JsonPath | undefined {
  const open: Container[] = [];
  let repeated: JsonPath | undefined;
  const value = () => {
    const container = open.at(-1);
    if (container !== undefined && container.names === undefined) container.key += 1;
  };
  const visitor: JsonVisitor = {
    open: (start) => {
      value();
      const isObject = text.charCodeAt(start) === openBrace;
      open.push(isObject ? { names: new Set(), key: "" } : { names: undefined, key: -1 });
    },
    close: () => open.pop(),
    name: (start) => {
      const container = open.at(-1);
      if (container?.names === undefined) return;
      container.key = decodeName(text, start);
      if (container.names.has(container.key)) repeated ??= open.map(({ key }) => key);
      container.names.add(container.key);
    },
    string: value,
    number: value,
    literal: value,
  };
  scanValue(text, 0, { visitor });
  return repeated;
}
