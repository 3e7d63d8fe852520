import { exactInteger } from "../json/exact-number.ts";

/** Fifteen digits, each of them escaped. */
const maxIdChars = 100;

/** The integer that an id denotes, or undefined. Ours are integers; servers that keep ids as text give back text. */
export function idOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!text.startsWith('"')) return exactInteger(text);
  if (text.length > maxIdChars) return undefined;
  const digits = /^(?:0|[1-9][0-9]{0,14})$/.exec(JSON.parse(text) as string);
  return digits === null ? undefined : Number(digits[0]);
}
