/** JSON with nothing rounded: a number that no double holds exactly becomes a bigint, or its text when it is none. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined) return value;
    if (/^-?\d+$/.test(source)) return BigInt(source) === BigInt(value) ? value : BigInt(source);
    return Number.isFinite(value) ? value : source;
  });
}

/** What is left of it after `JSON.parse`. */
export function rounded(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, rounded(field)]));
}
