import { decodeName } from "./json-members.ts";
import { skipString } from "./json-scan.ts";

const space = 0x20;
const zero = 0x30;
const nine = 0x39;
const quote = 0x22;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Where something is in a JSON value: names of members, positions in lists. */
export type JsonPath = readonly (string | number)[];

type Container =
  | { readonly kind: "object"; readonly names: Set<string>; key: string; nameComes: boolean }
  | { readonly kind: "list"; key: number };

/**
 * The first member that its object has already, or undefined. `text` must be JSON. JSON.parse takes the last of such
 * members without a word, other parsers the first: whoever checks a request must not see another value than who runs it.
 */
export function repeatedMember(text: string): JsonPath | undefined {
  const open: Container[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Most of a long text is spaces or digits, where nothing begins or ends.
    if (code <= space || (code >= zero && code <= nine)) continue;
    const container = open.at(-1);
    if (code === quote) {
      const end = skipString(text, at);
      if (container?.kind === "object" && container.nameComes) {
        container.key = decodeName(text, at);
        container.nameComes = false;
        if (container.names.has(container.key)) return open.map(({ key }) => key);
        container.names.add(container.key);
      }
      at = end - 1;
    } else if (code === openBrace) {
      open.push({ kind: "object", names: new Set(), key: "", nameComes: true });
    } else if (code === openBracket) {
      open.push({ kind: "list", key: 0 });
    } else if (code === closeBrace || code === closeBracket) {
      open.pop();
    } else if (code === comma) {
      if (container?.kind === "object") container.nameComes = true;
      else if (container !== undefined) container.key += 1;
    }
  }
  return undefined;
}
