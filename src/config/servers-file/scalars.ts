/** A value, or the rule that its text breaks. */
export type Scalar<T> = { readonly value: T } | { readonly rule: string; readonly nearest?: string };

const msOf: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `1h30m` -> milliseconds. */
export function readDuration(text: string, shown: string): Scalar<number> {
  if (!/^(?:[0-9]{1,15}(?:\.[0-9]{1,9})?(?:ms|s|m|h)){1,8}$/.test(text)) {
    const rule = `must be a duration such as 500ms, 10m or 1h30m, not ${shown}`;
    return /^[0-9]{1,9}$/.test(text) ? { rule, nearest: `${text}s` } : { rule };
  }
  let ms = 0;
  for (const [, number = "", unit = ""] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g))
    ms += Number(number) * (msOf[unit] ?? 0);
  // As for a request's Duration, to the last bit: equal wishes are equal numbers.
  const nanos = Math.round(ms * 1e6);
  return { value: Math.floor(nanos / 1e9) * 1000 + (nanos % 1e9) / 1e6 };
}

const bytesOf: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** `256MiB` -> bytes. What others write for it means a thousand here and 1024 there: `256MB`, `256m`. */
export function readSize(text: string, shown: string): Scalar<number> {
  const [, number = "", unit = ""] = /^([0-9]{1,16}(?:\.[0-9]{1,9})?)([A-Za-z]*)$/.exec(text) ?? [];
  if (number !== "" && unit === "") return { value: Number(number) };
  const factor = Object.hasOwn(bytesOf, unit) ? bytesOf[unit] : undefined;
  if (number !== "" && factor !== undefined) return { value: Number(number) * factor };
  const rule = `must be bytes, or a size such as 512KiB, 256MiB or 2GiB, not ${shown}`;
  const meant = /^([kmgt])(?:i?b)?$/i.exec(unit)?.[1]?.toUpperCase();
  return number === "" || meant === undefined ? { rule } : { rule, nearest: `${number}${meant}iB` };
}

export function readNumber(text: string, shown: string): Scalar<number> {
  const isNumber = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text);
  const value = isNumber ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { value } : { rule: `must be a number, not ${shown}` };
}

export function readBoolean(text: string, shown: string): Scalar<boolean> {
  if (/^(?:true|True|TRUE)$/.test(text)) return { value: true };
  if (/^(?:false|False|FALSE)$/.test(text)) return { value: false };
  const meant = /^(?:yes|on|1|y)$/i.test(text) ? "true" : /^(?:no|off|0|n)$/i.test(text) ? "false" : undefined;
  return { rule: `must be true or false, not ${shown}`, ...(meant === undefined ? {} : { nearest: meant }) };
}

/** Words of the file are lower case; the proto's own names are taken, too. */
export function readWord(
  text: string,
  { words, prefix }: { readonly words: readonly string[]; readonly prefix: string },
): string | undefined {
  return words.find((word) => text === word || text === word.toUpperCase() || text === prefix + word.toUpperCase());
}

/** `never, on_failure or always` */
export function listed(words: readonly string[], last: "or" | "and" = "or"): string {
  return [words.slice(0, -1).join(", "), words.at(-1)].filter((part) => part !== "").join(` ${last} `);
}
