/**
 * Headers that are made when somebody wants more of them than can be told without: the platform's are checked and sorted,
 * which makes 1.2 µs a call of 0.1 (bench/README.md, micro).
 */
export abstract class LazyHeaders implements Headers {
  #made: Headers | undefined;

  /** Makes the headers, once. */
  protected abstract make(): Headers;

  /** The headers, if somebody wanted them already. */
  protected get made(): Headers | undefined {
    return this.#made;
  }

  get(name: string): string | null {
    return this.#headers.get(name);
  }

  has(name: string): boolean {
    return this.#headers.has(name);
  }

  set(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  append(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  delete(name: string): void {
    this.#headers.delete(name);
  }

  getSetCookie(): string[] {
    return this.#headers.getSetCookie();
  }

  forEach(visit: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#headers) visit.call(self, value, name, this);
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#headers.keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#headers.values();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#headers.entries();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.#headers.entries();
  }

  get #headers(): Headers {
    this.#made ??= this.make();
    return this.#made;
  }
}
