import { parseSync, Visitor } from "rolldown/utils";

/** A file's comments, and what is left of it. */
export interface Parts {
  /** Its names, without comments and prose: of strings only those stay that are a name and nothing else. */
  readonly code: string;
  /** One after the other, each of them in one line. */
  readonly comments: readonly string[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const oneName = /^["'`]?[\w$]+["'`]?$/;

/** By the language that the path's ending says; what has none is a script of the shell. */
export function partsOf(path: string, text: string): Parts {
  if (/\.[mc]?[jt]s$/.test(path)) return partsOfScript(path, text);
  return path.endsWith(".proto") ? partsOfProto(text) : { code: "", comments: shellComments(text) };
}

/** The text without its comments, strings and all. */
export function withoutComments(path: string, text: string): string {
  return blanked(text, parseSync(path, text).comments);
}

function partsOfScript(path: string, text: string): Parts {
  const { program, comments } = parseSync(path, text);
  const literals: Span[] = [];
  const note = (node: Span) => {
    literals.push(node);
  };
  new Visitor({ Literal: note, TemplateElement: note }).visit(program);
  const prose = literals.filter(({ start, end }) => !oneName.test(text.slice(start, end)));
  return { code: blanked(text, [...comments, ...prose]), comments: joined(text, comments) };
}

function partsOfProto(text: string): Parts {
  const comments = [...text.matchAll(/\/\/[^\n]*/g)].map(({ 0: { length }, index }) => spanOf(index, length));
  return { code: blanked(text, comments), comments: joined(text, comments) };
}

/** From a # that begins a word to the end of the line. */
function shellComments(text: string): string[] {
  const comments = [...text.matchAll(/(?<=^|\s)#[^\n]*/g)].map(({ 0: { length }, index }) => spanOf(index, length));
  return joined(text, comments);
}

function spanOf(start: number, length: number): Span {
  return { start, end: start + length };
}

function blanked(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start < from) continue;
    parts.push(text.slice(from, start));
    from = end;
  }
  return [...parts, text.slice(from)].join(" ");
}

/** Comments of one line each that follow one another are one. */
function joined(text: string, spans: readonly Span[]): string[] {
  const blocks: Span[] = [];
  for (const span of spans) {
    const last = blocks.at(-1);
    const follows = last !== undefined && /^\s*$/.test(text.slice(last.end, span.start));
    if (follows) blocks[blocks.length - 1] = { start: last.start, end: span.end };
    else blocks.push(span);
  }
  return blocks.map(({ start, end }) => text.slice(start, end).replaceAll(/\n\s*(?:\*(?!\/)|\/\/|#)?\s*/g, " "));
}
