import { oneLine } from "../../src/json/one-line.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const json = JSON.stringify({ text: "x".repeat(1_000_000) });

export const lineBreaks: Pair = {
  thing: "line breaks, looked for first",
  file: "src/json/one-line.ts",
  plainForm: "replace",
  goesBelow: 3,
  part: { of: "1 MB", times: 1 },
  hand: repeat(() => keep(oneLine(json))),
  plain: repeat(() => keep(json.replace(/[\u0085\u2028\u2029]/g, escaped))),
};

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
