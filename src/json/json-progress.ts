import { skipName, skipScalar, skipSpace, unexpected } from "./json-scan.ts";

const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** What may come next; `first…` is in a container that may as well end there. */
type Expected = "value" | "first value" | "name" | "first name" | "comma";

/** Proves one JSON value that comes in pieces, which part where spaces may stand. Each piece is read once. */
export class JsonProgress {
  readonly #closers: number[] = [];
  #expected: Expected = "value";

  /** Reads a piece: "whole" when the value ends in it. Throws JsonSyntaxError when this is no JSON. */
  push(piece: string): "open" | "whole" {
    for (let at = skipSpace(piece, 0); at < piece.length; at = skipSpace(piece, at)) {
      if (this.#expected === "comma" && this.#closers.length === 0) throw unexpected(piece, at);
      at = this.#take(piece, at);
    }
    return this.#expected === "comma" && this.#closers.length === 0 ? "whole" : "open";
  }

  /** Returns the offset after what it took. */
  #take(piece: string, at: number): number {
    const code = piece.charCodeAt(at);
    const mayEnd = this.#expected !== "value" && this.#expected !== "name";
    if (mayEnd && code === this.#closers.at(-1)) {
      this.#closers.pop();
      this.#expected = "comma";
      return at + 1;
    }
    if (this.#expected === "comma") return this.#takeComma(piece, at);
    if (this.#expected === "name" || this.#expected === "first name") {
      this.#expected = "value";
      return skipName(piece, at, undefined);
    }
    if (code === openBrace || code === openBracket) {
      this.#closers.push(code === openBrace ? closeBrace : closeBracket);
      this.#expected = code === openBrace ? "first name" : "first value";
      return at + 1;
    }
    this.#expected = "comma";
    return skipScalar(piece, at, undefined);
  }

  #takeComma(piece: string, at: number): number {
    if (piece.charCodeAt(at) !== comma) throw unexpected(piece, at);
    this.#expected = this.#closers.at(-1) === closeBrace ? "name" : "value";
    return at + 1;
  }
}
