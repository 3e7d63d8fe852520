/** The lines of a text that have something in them, each as its parts. */
export function linesOf(text: string, separator: string, parts: number): string[][] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const all = line.split(separator);
    return [...all.slice(0, parts - 1), all.slice(parts - 1).join(separator)];
  });
}

/** `name=value` a line. */
export function recordOf(text: string): Record<string, string> {
  return Object.fromEntries(linesOf(text, "=", 2).map(([name = "", value = ""]) => [name, value]));
}
