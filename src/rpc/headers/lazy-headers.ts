/**
 * Headers that are made only when a subclass can't answer without them. The platform checks and sorts headers, which
 * costs 1.2 µs a call; not making them costs 0.1 µs (bench/README.md, micro).
 */
export abstract class LazyHeaders implements Headers {
  #made: Headers | undefined;

  /** Makes the headers, once. */
  protected abstract make(): Headers;

  /** The headers, if they were made already. */
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
