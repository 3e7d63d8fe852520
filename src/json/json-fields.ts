import { type JsonMember, objectMembers } from "./json-members.ts";
import { JsonSyntaxError } from "./json-scan.ts";

/**
 * The members of one JSON object as they were written, read one at a time: nothing is parsed that nobody asks for. Of a
 * name that comes twice the last counts, as in JSON.parse.
 */
export class JsonFields {
  readonly #members: readonly JsonMember[];
  readonly #values: Map<string, string>;

  private constructor(members: readonly JsonMember[]) {
    this.#members = members;
    this.#values = new Map();
    for (const { name, value } of members) this.#values.set(name, value);
  }

  /** The fields of a text, or undefined when it is not a JSON object. */
  static of(text: string): JsonFields | undefined {
    try {
      return new JsonFields(objectMembers(text));
    } catch (error) {
      if (error instanceof JsonSyntaxError) return undefined;
      throw error;
    }
  }

  /** The value as it was written. */
  raw(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** The value, if it is a string. It may hold unpaired surrogates. */
  string(name: string): string | undefined {
    const value = this.#values.get(name);
    return value?.startsWith('"') ? (JSON.parse(value) as string) : undefined;
  }

  /** Whether one of these names comes more than once: then something was said that `raw` does not give. */
  repeats(names: ReadonlySet<string>): boolean {
    if (this.#members.length === this.#values.size) return false;
    const seen = new Set<string>();
    return this.#members.some(({ name }) => names.has(name) && seen.size === seen.add(name).size);
  }

  /** An object of all members but these, as they were written; empty when none is left. */
  rest(without: ReadonlySet<string>): string {
    const members: string[] = [];
    for (const { name, value } of this.#members) {
      if (!without.has(name)) members.push(`${JSON.stringify(name)}:${value}`);
    }
    return members.length === 0 ? "" : `{${members.join(",")}}`;
  }
}
