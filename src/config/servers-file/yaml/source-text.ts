import { LineCounter } from "yaml";

/** Where something stands, counted from 1. Columns are UTF-16 code units, as editors count them. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The text of one file, and where its lines begin. */
export class SourceText {
  readonly path: string;
  readonly text: string;
  readonly lines: LineCounter;

  constructor(path: string, text: string, lines: LineCounter = new LineCounter()) {
    this.path = path;
    this.text = text;
    this.lines = lines;
  }

  placeAt(offset: number): Place {
    const before = this.text.lastIndexOf("\n", offset - 1);
    const isCounted = this.lines.lineStarts.length > 0;
    const line = isCounted ? this.lines.linePos(offset).line : this.text.slice(0, offset).split("\n").length;
    return { file: this.path, line: Math.max(line, 1), column: offset <= 0 ? 1 : offset - before };
  }
}

/** A part of a file. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}
