import fc from "fast-check";
import type { FuzzCase, FuzzTarget } from "./fuzz-target.ts";

/** Where a mutation works; numbers beyond what is there wrap around. */
interface Mutation {
  readonly kind: "cut" | "insert" | "repeat" | "splice" | "split" | "join";
  readonly part: number;
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const maxChars = 8192;

/** Cases of the corpus with something cut out, put in, repeated, taken from another case, or cut elsewhere. */
export function mutated(
  corpus: readonly FuzzCase[],
  target: Pick<FuzzTarget, "shape" | "dictionary">,
): fc.Arbitrary<FuzzCase> {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  const piece = target.shape === "chunks" ? byte : fc.string({ unit: "binary", maxLength: 2 });
  const sameParts = ["cut", "insert", "repeat", "splice"] as const;
  const mutation: fc.Arbitrary<Mutation> = fc.record({
    kind: target.shape === "chunks" ? fc.constantFrom(...sameParts, "split", "join") : fc.constantFrom(...sameParts),
    part: fc.nat(64),
    at: fc.nat(maxChars),
    length: fc.nat(64),
    text: fc.oneof(fc.constantFrom(...target.dictionary), piece),
  });
  return fc
    .tuple(fc.constantFrom(...corpus), fc.constantFrom(...corpus), fc.array(mutation, { minLength: 1, maxLength: 6 }))
    .map(([start, other, mutations]) => mutations.reduce((input, one) => applied(input, { ...one, other }), start));
}

function applied(input: FuzzCase, mutation: Mutation & { readonly other: FuzzCase }): FuzzCase {
  const part = input.length === 0 ? 0 : mutation.part % input.length;
  const text = input[part] ?? "";
  const at = mutation.at % (text.length + 1);
  const head = text.slice(0, at);
  const tail = text.slice(at);
  const put = (...texts: string[]) => input.toSpliced(part, 1, ...texts.map((one) => one.slice(0, maxChars)));
  switch (mutation.kind) {
    case "cut":
      return put(head + tail.slice(mutation.length));
    case "insert":
      return put(head + mutation.text + tail);
    case "repeat":
      return put(head + tail.slice(0, mutation.length).repeat(2) + tail.slice(mutation.length));
    case "splice":
      return put(head + (mutation.other[mutation.part % Math.max(1, mutation.other.length)] ?? "").slice(at));
    case "split":
      return put(head, tail);
    case "join":
      return input.toSpliced(part, 2, `${text}${input[part + 1] ?? ""}`);
    default:
      return mutation.kind satisfies never;
  }
}
