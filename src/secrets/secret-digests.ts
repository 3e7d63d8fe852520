import { createHmac } from "node:crypto";
import type { SecretDigests } from "../base/spec/secret-values.ts";

/** A key that only this use has, and what it is called where digests stand. */
export interface SecretKey {
  readonly id: string;
  readonly key: Buffer;
}

/** The current key first, then the one before it. */
export type SecretKeys = readonly SecretKey[];

const digestBytes = 16;

/**
 * Digests of the values of variables. Without the key nobody can try guesses at them. The name of the secret goes in,
 * too, so that two secrets with the same value do not show it.
 */
export function digestsOf(
  env: Readonly<Record<string, string>>,
  { secrets, keys }: { readonly secrets: Readonly<Record<string, string>>; readonly keys: SecretKeys },
): SecretDigests[] {
  return keys.map(({ id, key }) => {
    const digest = ([variable, value]: [string, string]) => {
      const hmac = createHmac("sha256", key).update(`${secrets[variable]}\0${value}`).digest();
      return [variable, hmac.subarray(0, digestBytes).toString("base64url")];
    };
    return { key: id, of: Object.fromEntries(Object.entries(env).map(digest)) };
  });
}
