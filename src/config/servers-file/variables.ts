/** The text of a value with `${…}` in it, in parts. */
type Part = string | Variable;

interface Variable {
  readonly name: string;
  /** Undefined: it must have a value. */
  readonly fallback: readonly Part[] | undefined;
  /** What to say when it has none. */
  readonly why: string;
}

/** Why a text can't be expanded, as the end of a sentence about its field. */
export class VariableProblem extends Error {
  override readonly name = "VariableProblem";
  /** What of the text is wrong, for its line. */
  readonly fragment: string;

  constructor(fragment: string, message: string) {
    super(message);
    this.fragment = fragment;
  }
}

/** All values together, with their variables. */
const maxChars = 8 * 1024 * 1024;
const maxNested = 8;

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: what users write
const forms = "write ${NAME}, ${NAME:-default} or ${NAME:?why}, and $$ for a dollar";

/** Puts variables into texts: `${VAR}`, `${VAR:-default}`, `${VAR:?why}`, and `$$` for a dollar. */
export class Variables {
  readonly #env: Readonly<Record<string, string | undefined>>;
  #left = maxChars;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /** Throws VariableProblem. What a variable holds is not looked through again. */
  expand(text: string): string {
    const expanded = text.includes("$") ? this.#text(new PartReader(text).read()) : text;
    this.#left -= expanded.length;
    if (this.#left < 0) throw new VariableProblem("", "is too much: variables make the file too long");
    return expanded;
  }

  #text(parts: readonly Part[]): string {
    return parts.map((part) => (typeof part === "string" ? part : this.#value(part))).join("");
  }

  #value({ name, fallback, why }: Variable): string {
    const value = Object.hasOwn(this.#env, name) ? this.#env[name] : undefined;
    if (value) {
      // Before it is joined: a thousand long ones would fill the memory.
      this.#left -= value.length;
      if (this.#left < 0) throw new VariableProblem("", "is too much: variables make the file too long");
      return value;
    }
    if (fallback !== undefined) return this.#text(fallback);
    const state = value === undefined ? "is not set" : "is empty";
    if (why !== "") throw new VariableProblem(`\${${name}`, `the variable ${name} ${state}: ${why}`);
    const todo = value === undefined ? `set it, or write \${${name}:-default}` : `\${${name}:-} would allow that`;
    throw new VariableProblem(`\${${name}`, `the variable ${name} ${state}: ${todo}`);
  }
}

class PartReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(nested = 0): Part[] {
    const parts: Part[] = [];
    const end = nested === 0 ? /\$/g : /[$}]/g;
    for (;;) {
      end.lastIndex = this.#at;
      const at = end.exec(this.#text)?.index ?? this.#text.length;
      if (at > this.#at) parts.push(this.#text.slice(this.#at, at));
      this.#at = at;
      if (at === this.#text.length || this.#text[at] === "}") return parts;
      parts.push(this.#dollar(nested));
    }
  }

  #dollar(nested: number): Part {
    const text = this.#text;
    const start = this.#at;
    if (text[start + 1] === "$") {
      this.#at = start + 2;
      return "$";
    }
    const opening = /\$\{([A-Za-z_][A-Za-z0-9_]*)(\}|:-|:\?)/y;
    opening.lastIndex = start;
    const [all = "", name = "", mark = ""] = opening.exec(text) ?? [];
    if (name === "")
      throw new VariableProblem(text.slice(start, start + 20), `has a $ that begins no variable: ${forms}`);
    this.#at = start + all.length;
    if (mark === "}") return { name, fallback: undefined, why: "" };
    if (nested >= maxNested) throw new VariableProblem(all, "has variables nested too deeply");
    const begin = this.#at;
    const rest = this.read(nested + 1);
    if (text[this.#at] !== "}") throw new VariableProblem(all, `has a \${${name} without its }`);
    const given = text.slice(begin, this.#at);
    this.#at += 1;
    return mark === ":-" ? { name, fallback: rest, why: "" } : { name, fallback: undefined, why: given };
  }
}
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: what users write
