const maxLoggedChars = 800;

/** Third parties' text for the log: bounded, and nothing in it moves a terminal's cursor or turns the line round. */
export function loggable(text: string): string {
  const cut = text.length > maxLoggedChars ? `${text.slice(0, maxLoggedChars)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
