/** Keyed digests of the values of secrets, by the names of the variables that hold them. */
export interface SecretDigests {
  /** Which key they were made with. */
  readonly key: string;
  readonly of: Readonly<Record<string, string>>;
}

/**
 * The secrets of one instance. Nothing that prints, copies or serializes an object sees the values: they are private,
 * and asked for by name where an instance is made.
 */
export class SecretValues {
  readonly #env: Readonly<Record<string, string>>;
  readonly #files: ReadonlyMap<string, Buffer>;
  /** By the current key first, then by the one before it. Empty: none are known. */
  readonly digests: readonly SecretDigests[];

  constructor(values: {
    readonly env: Readonly<Record<string, string>>;
    /** By the paths of `secretFiles`. */
    readonly files?: ReadonlyMap<string, Buffer>;
    readonly digests: readonly SecretDigests[];
  }) {
    this.#env = values.env;
    this.#files = values.files ?? new Map();
    this.digests = values.digests;
  }

  /** The variables, with their values. */
  env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** What the file at a path of `secretFiles` holds. */
  file(path: string): Buffer | undefined {
    return this.#files.get(path);
  }
}

/**
 * The variables whose values are others now than those that an instance was made with. Digests of one key are compared;
 * where the key was lost, the values themselves. What can't be compared has not changed: nothing is replaced for that.
 */
export function changedSecrets(held: SecretValues | undefined, wanted: SecretValues | undefined): string[] {
  if (held === undefined || wanted === undefined) return [];
  const known = held.digests.find(({ key }) => wanted.digests.some((other) => other.key === key));
  const before = known === undefined ? held.env() : known.of;
  const now = known === undefined ? wanted.env() : wanted.digests.find(({ key }) => key === known.key)?.of;
  return Object.entries(now ?? {}).flatMap(([name, value]) => {
    const isChanged = Object.hasOwn(before, name) && before[name] !== value;
    return isChanged ? [name] : [];
  });
}

/** The first digests as text, for a label; empty: there are none. */
export function digestsText({ digests }: Pick<SecretValues, "digests">): string {
  return digests[0] === undefined ? "" : JSON.stringify(digests[0]);
}

/** Digests from their text. Text that holds none gives an empty list: the values are compared instead. */
export function digestsFrom(text: string | undefined): readonly SecretDigests[] {
  if (!text) return [];
  try {
    const { key, of } = JSON.parse(text) as Partial<SecretDigests>;
    const isRead = typeof key === "string" && typeof of === "object" && of !== null;
    return isRead ? [{ key, of }] : [];
  } catch {
    return [];
  }
}
