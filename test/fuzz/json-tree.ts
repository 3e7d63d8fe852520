/** A JSON value in which no two that differ look the same: numbers as their exact decimal, objects as sorted members. */
export type JsonTree = string | readonly JsonTree[] | { readonly object: readonly (readonly [string, JsonTree])[] };

interface Source {
  readonly source?: string;
}

const parse = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: Source) => unknown,
) => unknown;

/** Reads a text by the engine's own JSON.parse. Of a name that comes twice the last counts. */
export function jsonTree(text: string): JsonTree {
  return treeOf(
    parse(text, (_key, value, { source = "" }) => {
      if (typeof value === "number") return new Exact(decimal(source));
      return value;
    }),
  );
}

/** The text's tree, or undefined when it is no JSON. */
export function jsonTreeOrNone(text: string): JsonTree | undefined {
  try {
    return jsonTree(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class Exact {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function treeOf(value: unknown): JsonTree {
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value)) return value.map(treeOf);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => [name, treeOf(member)] as const);
  return { object: members.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** "-12.50e1" and "-125" are both "-125e0"; zero has no sign. */
export function decimal(number: string): string {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const negative = mantissa.startsWith("-");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = BigInt(whole + fraction).toString();
  const kept = digits.replace(/0+$/, "");
  if (kept === "") return "0e0";
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - kept.length);
  return `${negative ? "-" : ""}${kept}e${power}`;
}
