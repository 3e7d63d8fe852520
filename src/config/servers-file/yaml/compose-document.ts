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
  const lexer: LexerState = { excess: undefined, quotes: new Map() };
  for (const document of new Composer(options).compose(tokensOf(source, lexer), true, source.text.length)) {
    documents.push(document);
    if (documents.length > 1) break;
  }
  if (lexer.excess !== undefined) return fail(lexer.excess.at, lexer.excess.rule);
  const [document, second] = documents;
  if (document === undefined) return undefined;
  if (document.errors.length > 0) {
    for (const { pos, rule } of firstOfEachLine(document.errors, { source, lexer })) fail(pos, rule);
    return undefined;
  }
  if (second === undefined) return document;
  const at = source.text.indexOf("---", document.range[1]);
  return fail(at === -1 ? document.range[2] : at, "a second document begins here: put all servers into one");
}

interface LexerState {
  excess: { readonly at: number; readonly rule: string } | undefined;
  /** Where texts in quotes begin, by where they end. */
  readonly quotes: Map<number, number>;
}

function* tokensOf({ text }: SourceText, state: LexerState): ReturnType<Parser["parse"]> {
  const parser = new Parser();
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const { offset, stack } = parser;
    if (lexeme.startsWith('"') || lexeme.startsWith("'")) state.quotes.set(offset + lexeme.length, offset);
    yield* parser.next(lexeme);
    count += 1;
    if (stack.length > maxStack) state.excess = { at: offset, rule: "this is nested too deeply" };
    if (count > maxLexemes)
      state.excess = {
        at: offset,
        rule: `the file is too much: it may have at most ${maxLexemes.toLocaleString("en")} words and marks`,
      };
    if (state.excess !== undefined) return;
  }
  yield* parser.end();
}

function firstOfEachLine(
  errors: readonly YAMLError[],
  { source, lexer }: { readonly source: SourceText; readonly lexer: LexerState },
) {
  const found = new Map<number, { readonly pos: number; readonly rule: string }>();
  for (const error of errors) {
    // After a first error the rest of the file may stand nowhere.
    if (found.size > 0 && / in YAML stream/.test(error.message)) break;
    const isOpen = /^Missing closing/.test(error.message);
    // The library names the end, which may be that of the file.
    const pos = (isOpen ? lexer.quotes.get(error.pos[0]) : undefined) ?? error.pos[0];
    const { line } = source.placeAt(pos);
    if (!found.has(line)) found.set(line, { pos, rule: variableHint(pos, source) ?? plainText(error) });
    if (found.size >= maxErrors) break;
  }
  return found.values();
}

/** In brackets YAML reads the brace of a variable as its own. */
function variableHint(pos: number, { text }: SourceText): string | undefined {
  const line = text.slice(text.lastIndexOf("\n", pos - 1) + 1, pos + 1);
  if (!/[[{][^"']*\$\{/.test(line)) return undefined;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what users write
  return 'this does not fit here: within [ ] and { } a text with ${…} needs quotes, as in ["${NAME}"]';
}

/** The library speaks to those who know YAML's grammar. */
const plainTexts: readonly (readonly [RegExp, string])[] = [
  [/^Tabs are not allowed/, "the line begins with a tab: YAML is indented by spaces"],
  [/^All mapping items must start/, "the line is not indented as the keys beside it"],
  [/^All sequence items must start/, "the line is not indented as the entries beside it"],
  [/^Sequence item without -/, "this stands in a list and has no - before it"],
  [/^Nested mappings are not allowed/, 'a second ": " in one line: put quotes around the text, or begin a new line'],
  [/^Implicit (?:map )?keys/, '"key: value" is expected here: a colon with a space after it is missing'],
  [/^Missing closing/, "a text in quotes begins here and does not end"],
  [/^Comments must be/, '"#" begins a comment only after a space: put one before it, or quotes around the text'],
  [/^Unexpected \S+ at node end/, "something comes after the end of a value: put quotes around the whole"],
  [
    /in flow (?:sequence|map|collection)|between flow|^Flow (?:sequence|map)|^Expected flow|must end with a/i,
    "a comma or a closing bracket is missing before this",
  ],
  [
    /^Missing directives-end/,
    "a line that begins with % is a directive of YAML's own, and --- must follow it: put quotes around a text",
  ],
];

function plainText({ code, message }: YAMLError): string {
  const start = /reserved character (\S+)/.exec(message);
  if (start !== null) return `a text without quotes can't begin with ${start[1]}: put quotes around it`;
  const plain = plainTexts.find(([pattern]) => pattern.test(message));
  if (plain !== undefined) return plain[1];
  return code === "IMPOSSIBLE" ? "this is not YAML" : `this is not YAML: ${message.slice(0, 200)}`;
}
