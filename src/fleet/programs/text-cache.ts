/**
 * Texts by what they are about, kept beside the engine, to be lost at any time. Nobody waits for a write, and a
 * `subject` can't be told from what is kept.
 */
export interface TextCache {
  /** Undefined: nothing is kept, or it can't be read. */
  get(subject: string): Promise<string | undefined>;
  put(subject: string, text: string): void;
}

/** Of a manager without a state folder. */
export const noTextCache: TextCache = { get: () => Promise.resolve(undefined), put: () => {} };
