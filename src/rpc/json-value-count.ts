import { invalidRequest, type ManagerError } from "../errors.ts";

/** As messages, more would take seconds, in which nobody else is answered. */
const maxValues = 100_000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;

/** Counts the values of a JSON text as its bytes come, before anybody parses it. */
export class JsonValueCount {
  #values = 1;
  #inString = false;
  #escaped = false;

  /** Throws `invalid` when there are more than 100,000. */
  push(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
      } else if (byte === quote) {
        this.#inString = true;
      } else if (byte === comma || byte === openBrace || byte === openBracket) {
        this.#values += 1;
        if (this.#values > maxValues) throw tooMany();
      }
    }
  }
}

function tooMany(): ManagerError {
  const description = `has more than ${maxValues} values: give a tool's arguments as text, in arguments_json`;
  return invalidRequest([{ field: "body", description }]);
}
