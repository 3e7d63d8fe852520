import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Transfer } from "../../server/responses/transfer-budget.ts";

const answerKey = createContextKey<Pick<Transfer, "add"> | undefined>(undefined, { description: "unread answer" });

/** What a method keeps in memory for its answer is counted here, too. */
export function countAt(values: ContextValues, answer: Transfer): ContextValues {
  return values.set(answerKey, answer);
}

/** What is left of a text that goes out in pieces: it is in memory as long as the pieces before are not taken. */
export class TransferRest implements Disposable {
  readonly #answer: Pick<Transfer, "add"> | undefined;
  readonly #text: string;
  #bytes: number | undefined;

  constructor(values: ContextValues, text: string) {
    this.#answer = values.get(answerKey);
    this.#text = text;
  }

  /** From now on this piece is counted by its sender. */
  handOn(piece: string): void {
    if (this.#bytes === undefined) this.#add(Buffer.byteLength(this.#text));
    this.#add(-Buffer.byteLength(piece));
  }

  [Symbol.dispose](): void {
    this.#add(-(this.#bytes ?? 0));
  }

  #add(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes = (this.#bytes ?? 0) + bytes;
    this.#answer?.add(bytes);
  }
}
