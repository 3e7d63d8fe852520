import { isUtf8 } from "node:buffer";
import type { ManagerError } from "../base/errors/errors.ts";
import { resultTooLarge } from "./connection-error.ts";
import { type Message, mayBeMessage, parseLine } from "./message.ts";
import { oversizedReply } from "./oversized.ts";
import { SpreadMessage } from "./spread-message.ts";

export interface SpreadLinesOptions {
  /** Longest message that is kept. */
  readonly maxBytes: number;
  /** Whether a call of this id is under way. */
  readonly awaits: (id: number) => boolean;
  /** Hands messages on; returns whether some were noise. */
  readonly take: (messages: readonly Message[]) => boolean;
  /** Hands on what is not UTF-8. */
  readonly receiveInvalid: (text: Buffer) => void;
  readonly fail: (id: number, error: ManagerError) => void;
  readonly noise: (line: Buffer, note: { truncated: boolean }) => void;
}

/** The lines that may be one message together: they are kept back until it is whole, or is none. */
export class SpreadLines {
  readonly #options: SpreadLinesOptions;
  #begun: SpreadMessage | undefined;

  constructor(options: SpreadLinesOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#begun !== undefined;
  }

  /** Whether the line, which is no message, may be the first of one. Then it is kept back. */
  begins(line: Buffer): boolean {
    this.#begun = SpreadMessage.begunBy(line);
    return this.isOpen;
  }

  /** Whether the line is a part of the message that was begun. */
  goesOn(line: Buffer): boolean {
    const begun = this.#begun;
    const state = begun === undefined || this.#isMessage(line) ? "broken" : begun.add(line);
    if (begun === undefined || state === "broken") {
      this.#breakOff();
      return false;
    }
    if (begun.bytes > this.#options.maxBytes) this.#fail(begun);
    else if (state === "whole") this.#finish(begun);
    return true;
  }

  /** No more lines come: what was begun is none, and is shown. */
  end(): void {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) this.#show(begun);
  }

  /** Whether the line by itself is a message: then it is no part of another one. */
  #isMessage(line: Buffer): boolean {
    if (!mayBeMessage(line) || !isUtf8(line)) return false;
    const [message = { kind: "noise" }] = parseLine(line.toString("utf8"));
    if (message.kind === "noise" || message.kind === "malformed") return false;
    return !("bare" in message) || this.#options.awaits(message.id);
  }

  /** What was begun is no JSON: had it begun as a reply, its call fails. */
  #breakOff(): void {
    const [message] = this.#begun === undefined ? [] : parseLine(this.#begun.text().toString("latin1"));
    if (message?.kind === "malformed") this.#options.take([message]);
    this.end();
  }

  #fail(begun: SpreadMessage): void {
    const { maxBytes, fail } = this.#options;
    const { bytes } = begun;
    const owner = oversizedReply({ head: begun.text(), tail: Buffer.alloc(0), bytes });
    if (typeof owner === "number") fail(owner, resultTooLarge(bytes, maxBytes));
    this.end();
  }

  #finish(begun: SpreadMessage): void {
    const text = begun.text();
    this.#begun = undefined;
    if (!isUtf8(text)) this.#options.receiveInvalid(text);
    else if (this.#options.take(parseLine(text.toString("utf8")))) this.#show(begun);
  }

  #show(begun: SpreadMessage): void {
    for (const { line, truncated } of begun.lines()) this.#options.noise(line, { truncated });
  }
}
