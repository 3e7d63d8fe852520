import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { FuzzCase } from "./fuzz-target.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "test/fuzz/corpus");

/** The committed cases of a target, by file name. */
export function corpusOf(target: string): ReadonlyMap<string, FuzzCase> {
  const files = readdirSync(join(folder, target)).sort();
  return new Map(files.map((file) => [file, JSON.parse(readFileSync(join(folder, target, file), "utf8"))]));
}

/** Adds a case that broke its promise, from then on a test. Returns the file's path in the repository. */
export function keepCase(target: string, input: FuzzCase): string {
  const text = `${JSON.stringify(input)}\n`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const file = join(folder, target, `found-${hash}.json`);
  mkdirSync(join(folder, target), { recursive: true });
  writeFileSync(file, text);
  return relative(root, file);
}
