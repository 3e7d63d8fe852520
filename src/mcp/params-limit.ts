import { invalidRequest } from "../errors.ts";

/** Servers on the TypeScript SDK end their session at an inbound line of 10 MiB. */
const maxParamsBytes = 10 * 1024 * 1024 - 1024;
/** In UTF-8, of each UTF-16 code unit. */
const maxBytesOfChar = 3;

/** Throws `invalid` for params that are larger than servers accept; `texts`: what they are made of, by field. */
export function refuseLargeParams(params: string, texts: Readonly<Record<string, string | undefined>>): void {
  // Counting copies a text that is strung together.
  if (params.length * maxBytesOfChar <= maxParamsBytes || Buffer.byteLength(params) <= maxParamsBytes) return;
  const description = `is too large: what a call sends may have at most ${maxParamsBytes} bytes as JSON`;
  const [[field] = [""]] = Object.entries(texts).sort(([, a = ""], [, b = ""]) => b.length - a.length);
  throw invalidRequest([{ field, description }]);
}
