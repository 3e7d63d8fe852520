/** JSON has these only inside strings. */
const otherBreaks = ["\u0085", "\u2028", "\u2029"];

/**
 * Escapes what is no line break in JSON-RPC over stdio but ends a line all the same for some who read one: U+2028 and
 * U+2029 for Node's readline, and U+0085 too for Java's Scanner and Python's str.splitlines. The JSON value is the same.
 */
export function oneLine(json: string): string {
  // Looking costs a hundredth of replacing, and there is next to never one.
  const found = otherBreaks.filter((char) => json.includes(char));
  return found.reduce((text, char) => text.replaceAll(char, escaped(char)), json);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
