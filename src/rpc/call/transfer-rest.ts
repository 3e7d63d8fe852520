import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Transfer } from "../../server/responses/transfer-budget.ts";

const transferKey = createContextKey<Pick<Transfer, "add"> | undefined>(undefined, {
  description: "transfer of the response",
});

/** The transfer on which a method counts what it keeps in memory for its response. */
export function countAt(values: ContextValues, transfer: Transfer): ContextValues {
  return values.set(transferKey, transfer);
}

/** Counts the rest of a text that goes out in pieces: it is in memory until the pieces before it are taken. */
export class TransferRest implements Disposable {
  readonly #transfer: Pick<Transfer, "add"> | undefined;
  readonly #text: string;
  #bytes: number | undefined;

  constructor(values: ContextValues, text: string) {
    this.#transfer = values.get(transferKey);
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
    this.#transfer?.add(bytes);
  }
}
