import { Composer, type Document, Lexer, Parser, type YAMLError } from "yaml";
import type { Problems } from "./problem.ts";
import type { SourceText } from "./source-text.ts";

/** What costs time is not the length of a file but how many words and marks it has. */
const maxLexemes = 250_000;
const maxStack = 128;
/** One slip makes many errors. */
const maxErrors = 5;

/** YAML 1.2 without kinds of values: a scalar stays the text that it is. Own checks find repeated keys, in linear time. */
const options = { prettyErrors: false, uniqueKeys: false, schema: "failsafe", logLevel: "silent" } as const;

/** The one document of a file; undefined when the file has none, more than one, or is not YAML. */
export function composeDocument(source: SourceText, problems: Problems): Document.Parsed | undefined {
  const fail = (at: number, rule: string) => {
    problems.add({ source, start: at, end: at }, { field: "", rule });
    return undefined;
  };
  const documents: Document.Parsed[] = [];
  const lexer = { excess: undefined as { at: number; rule: string } | undefined };
  for (const document of new Composer(options).compose(tokensOf(source, lexer), true, source.text.length)) {
    documents.push(document);
    if (documents.length > 1) break;
  }
  if (lexer.excess !== undefined) return fail(lexer.excess.at, lexer.excess.rule);
  const [document, second] = documents;
  if (document === undefined) return undefined;
  if (document.errors.length > 0) {
    for (const { pos, rule } of firstOfEachLine(document.errors, source)) fail(pos, rule);
    return undefined;
  }
  if (second === undefined) return document;
  const at = source.text.indexOf("---", document.range[1]);
  return fail(at === -1 ? document.range[2] : at, "is a second document: put all servers into one");
}

function* tokensOf(
  { text, lines }: SourceText,
  state: { excess: { at: number; rule: string } | undefined },
): ReturnType<Parser["parse"]> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const { offset, stack } = parser;
    yield* parser.next(lexeme);
    count += 1;
    if (stack.length > maxStack) state.excess = { at: offset, rule: "is nested too deeply" };
    if (count > maxLexemes)
      state.excess = {
        at: offset,
        rule: `is too much: a file has at most ${maxLexemes.toLocaleString("en")} words and marks`,
      };
    if (state.excess !== undefined) return;
  }
  yield* parser.end();
}

function firstOfEachLine(errors: readonly YAMLError[], source: SourceText) {
  const found = new Map<number, { readonly pos: number; readonly rule: string }>();
  for (const error of errors) {
    const [pos] = error.pos;
    const { line } = source.placeAt(pos);
    if (!found.has(line)) found.set(line, { pos, rule: plainText(error) });
    if (found.size >= maxErrors) break;
  }
  return found.values();
}

/** The library speaks to those who know YAML's grammar. */
const plainTexts: readonly (readonly [RegExp, string])[] = [
  [/^Tabs are not allowed/, "has a tab before it: YAML is indented by spaces"],
  [/^All mapping items must start/, "is not indented as the keys beside it"],
  [/^All sequence items must start/, "is not indented as the entries beside it"],
  [/^Sequence item without -/, "stands in a list, and has no - before it"],
  [/^Nested mappings are not allowed/, 'is a second ": " in one line: put quotes around the text, or begin a new line'],
  [/^Implicit (?:map )?keys/, 'is not "key: value": a colon with a space after it is missing'],
  [/^Missing closing/, "is where a text in quotes would have to end"],
  [/^Unexpected \S+ at node end/, "comes after the end of a value: put quotes around the whole"],
  [
    /in flow (?:sequence|map|collection)|between flow|^Flow (?:sequence|map)|^Expected flow|must end with a/i,
    "does not fit into a list or mapping in brackets: look for a comma, or a closing bracket, that is missing",
  ],
  [/^Missing directives-end/, "begins with %, which is for YAML's own directives: put quotes around it"],
];

function plainText({ code, message }: YAMLError): string {
  const start = /reserved character (\S+)/.exec(message);
  if (start !== null) return `begins with ${start[1]}, which plain text can't: put quotes around it`;
  const plain = plainTexts.find(([pattern]) => pattern.test(message));
  if (plain !== undefined) return plain[1];
  return code === "IMPOSSIBLE" ? "is not YAML" : `is not YAML: ${message.slice(0, 200)}`;
}
