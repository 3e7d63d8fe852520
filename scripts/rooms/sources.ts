import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** As they are written, types included. */
  readonly imports: readonly string[];
}

/** All of src/. */
export async function readSources(): Promise<SourceFile[]> {
  const names = await readdir(join(root, "src"), { recursive: true });
  const paths = names.filter((name) => name.endsWith(".ts")).map((name) => join("src", name));
  return Promise.all(
    paths.toSorted().map(async (path) => {
      const text = await readFile(join(root, path), "utf8");
      return { path, text, imports: importsOf(text) };
    }),
  );
}

/** Every specifier of an import, an export from, or an import(), types included. */
export function importsOf(text: string): string[] {
  const pattern =
    /^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...text.matchAll(pattern)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
}

/** The files of the repository that a file imports. */
export function targetsOf({ path, imports }: SourceFile): string[] {
  return imports.filter((one) => one.startsWith(".")).map((one) => targetOf(path, one));
}

/** The file that a relative specifier names. */
export function targetOf(path: string, specifier: string): string {
  return normalize(join(dirname(path), specifier));
}

/** The room of a file: a folder right below src/, or an entry; "gen" is what buf generates. */
export function roomOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "gen") return "gen";
  if (parts.length === 2) return (parts[1] ?? "").slice(0, -".ts".length);
  // Data that imports nothing: the configuration is checked by it.
  if (path === "src/runtime/capabilities.ts") return "runtime/capabilities";
  return parts[1] === "runtime" && parts.length > 3 ? `runtime/${parts[2]}` : (parts[1] ?? "");
}
