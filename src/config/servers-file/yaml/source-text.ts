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
  #lineStarts: readonly number[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  placeAt(offset: number): Place {
    this.#lineStarts ??= lineStartsOf(this.text);
    let line = 0;
    // By halves: an error may have a thousand neighbours.
    for (let step = 2 ** Math.ceil(Math.log2(this.#lineStarts.length + 1)); step >= 1; step /= 2) {
      const start = this.#lineStarts[line + step];
      if (start !== undefined && start <= offset) line += step;
    }
    return { file: this.path, line: line + 1, column: offset - (this.#lineStarts[line] ?? 0) + 1 };
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** A part of a file. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}
