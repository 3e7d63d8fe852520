import { nearestKey } from "./nearest-key.ts";
import { type At, fail, readText } from "./reading.ts";
import { listed, readBoolean, readDuration, readNumber, readSize, readWord, type Scalar } from "./scalars.ts";
import type { Shape, WordsShape } from "./shape.ts";
import { quoted, type TextTree } from "./yaml/tree.ts";

/** The value of a scalar, as its field says. */
export function readScalar(
  tree: TextTree,
  to: At & { readonly shape: Exclude<Shape, { item: Shape } | { fields: unknown }> },
): unknown {
  const { shape } = to;
  const text = readText(tree, to);
  if (text === undefined) return undefined;
  // What a variable holds may be secret: messages show what is written.
  const shown = quoted(tree.text);
  switch (shape.kind) {
    case "words":
      return readWords(text, { ...to, words: shape, shown });
    case "number":
      return settle(readNumber(text, shown), to);
    case "duration":
      return settle(readDuration(text, shown), to);
    case "size":
      return settle(readSize(text, shown), to);
    case "boolean":
      return settle(readBoolean(text, shown), to);
    default:
      return text;
  }
}

function settle<T>(scalar: Scalar<T>, to: At): T | undefined {
  if ("value" in scalar) return scalar.value;
  return fail(to, scalar.rule, () => scalar.nearest);
}

function readWords(text: string, to: At & { readonly words: WordsShape; readonly shown: string }): string | undefined {
  const { words } = to.words;
  const word = readWord(text, to.words);
  return word ?? fail(to, `must be ${listed(words)}, not ${to.shown}`, () => nearestKey(text, words));
}
