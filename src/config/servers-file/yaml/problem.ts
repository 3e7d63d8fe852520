import type { Place, Span } from "./source-text.ts";

/** What is wrong at one place of a servers.yaml. */
export interface Problem extends Place {
  /** In the spelling of the file, e.g. `servers.github.limits.memory`; empty for the file as a whole. */
  readonly field: string;
  /** The rule that is broken, as the end of a sentence about the field. */
  readonly rule: string;
  /** What was meant, most likely. */
  readonly nearest?: string;
}

/** One line for people: `servers.yaml:7:5: servers.a.imgae: is not a known key; did you mean image?` */
export function problemText({ file, line, column, field, rule, nearest }: Problem): string {
  const about = field === "" ? "" : `${field}: `;
  const meant = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the file's words, which must not forge a line of a log
  return `${file}:${line}:${column}: ${about}${rule}${meant}`.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}

/** A person reads no more, and a hostile file could have as many as characters. */
const maxProblems = 100;

/** All that is wrong, found in any order. */
export class Problems {
  readonly #found = new Map<string, Problem>();
  #omitted = 0;

  get count(): number {
    return this.#found.size + this.#omitted;
  }

  /** `nearest` is asked only when the problem is kept. What two places share by an anchor is told once. */
  add(span: Span, { field, rule, nearest }: { field: string; rule: string; nearest?: () => string | undefined }): void {
    const key = `${span.source.path}\0${span.start}\0${rule}`;
    if (this.#found.has(key)) return;
    if (this.#found.size >= maxProblems) {
      this.#omitted += 1;
      return;
    }
    const meant = nearest?.();
    const place = span.source.placeAt(span.start);
    this.#found.set(key, { ...place, field, rule, ...(meant === undefined ? {} : { nearest: meant }) });
  }

  /** In the order of the files, and of each file's lines. */
  sorted(files: readonly string[]): Problem[] {
    const order = new Map(files.map((path, index) => [path, index]));
    const all = [...this.#found.values()].sort(
      (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
    );
    const last = all.at(-1);
    if (this.#omitted === 0 || last === undefined) return all;
    const { file, line, column } = last;
    return [...all, { file, line, column, field: "", rule: `and ${this.#omitted} more problems that are not listed` }];
  }
}

/** `servers.my-server` and `env` -> `servers.my-server.env`; other names in brackets: `secret_files["/run/x"]`. */
export function fieldPath(before: string, step: string | number): string {
  if (typeof step === "number") return `${before}[${step}]`;
  if (!/^[\w-]{1,64}$/.test(step))
    return `${before}[${JSON.stringify(step.length > 64 ? `${step.slice(0, 64)}…` : step)}]`;
  return before === "" ? step : `${before}.${step}`;
}
