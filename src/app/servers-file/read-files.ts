import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type FileText, maxFileBytes } from "../../config/servers-file/yaml/decode-text.ts";

/** Writers that don't rename write a file in pieces: what it holds counts once it stays the same for so long. */
const settleMs = 100;

export interface FileTexts {
  readonly files: readonly FileText[];
  /** Another one when any of the files holds something else. */
  readonly digest: string;
}

/**
 * Reads files that somebody may be writing: until two reads are the same, or the first is what is `known`, by its digest.
 * Throws the system's error, whose message names the file.
 */
export async function readFiles(
  paths: readonly string[],
  { known, signal }: { readonly known: string | undefined; readonly signal: AbortSignal },
): Promise<FileTexts> {
  let last = await readOnce(paths);
  if (last.digest === known) return last;
  for (;;) {
    await delay(settleMs, undefined, { signal });
    const now = await readOnce(paths);
    if (now.digest === last.digest) return now;
    last = now;
  }
}

async function readOnce(paths: readonly string[]): Promise<FileTexts> {
  const files = await Promise.all(paths.map(async (path) => ({ path, text: await readBounded(path) })));
  const hash = createHash("sha256");
  for (const { text } of files) hash.update(`${text.length}\n`).update(text);
  return { files, digest: hash.digest("hex") };
}

/** One byte more than a file may have says that it is too large. */
async function readBounded(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(maxFileBytes + 1), 0, maxFileBytes + 1, 0);
  return buffer.subarray(0, bytesRead);
}
