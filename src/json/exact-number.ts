/** A double's decimal form has at most 17 digits and 324 zeros: what is longer is padded, and not worth a look. */
const maxNumberChars = 400;

/** Whether a number's text and the shortest text of its double are the same decimal number. */
export function isExactNumber(text: string): boolean {
  if (text.length > maxNumberChars) return false;
  const value = Number(text);
  return Number.isFinite(value) && decimalOf(text) === decimalOf(String(value));
}

/** Sign, digits without zeros at the ends, and exponent: equal for equal decimal numbers. */
function decimalOf(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const scale = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${scale}`;
}

/** The integer that a JSON number denotes exactly, however it is written (`5.0`, `5e0`), or undefined. */
export function exactInteger(text: string): number | undefined {
  // As next to everybody writes them.
  if (/^-?[0-9]{1,15}$/.test(text)) return Number(text);
  if (!/^-?[0-9]/.test(text) || !isExactNumber(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
