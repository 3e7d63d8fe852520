import { posix } from "node:path";
import { engineOwned } from "./engine-place.ts";
import type { ServerSpec } from "./spec.ts";

/** A secret that a spec names, and the field that names it, in the proto's spelling. */
export interface SecretUse {
  readonly secret: string;
  readonly field: string;
}

export function secretUses({
  secrets = {},
  secretFiles = {},
}: Pick<ServerSpec, "secrets" | "secretFiles">): SecretUse[] {
  const uses = (field: string, map: Readonly<Record<string, string>>) =>
    Object.entries(map).map(([key, secret]) => ({ secret, field: `spec.${field}[${JSON.stringify(key)}]` }));
  return [...uses("secrets", secrets), ...uses("secret_files", secretFiles)];
}

/** Folders in which images have what they need to run: a mount there would hide it. */
const neededFolders: ReadonlySet<string> = new Set([
  ...["/bin", "/etc", "/home", "/lib", "/lib64", "/opt", "/root", "/run", "/sbin", "/tmp", "/usr", "/var"],
  ...["/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/sbin", "/var/lib", "/var/run"],
]);

const maxNameBytes = 255;

/** Why no file of a secret can be at this path, in its normal form, among those of a spec; undefined when it can. */
export function notSecretFile(path: string, all: readonly string[]): string | undefined {
  const owned = engineOwned(path);
  if (owned !== undefined) return owned;
  if (Buffer.byteLength(posix.basename(path)) > maxNameBytes) return `its name must have at most ${maxNameBytes} bytes`;
  const folder = posix.dirname(path);
  if (folder === "/" || engineOwned(folder) !== undefined || neededFolders.has(folder)) {
    return `must lie in a folder of its own, such as /run/secrets: "${folder}" is mounted, and hides what the image has there`;
  }
  return all.some((other) => other.startsWith(`${path}/`)) ? "must not be the folder of another one" : undefined;
}

/**
 * The folders that are mounted for the secret files of a spec, each with the files in it by their path there. One that
 * lies in another is a part of it: the engine could not make a place for it in a read-only mount.
 */
export function secretFolders({ secretFiles = {} }: Pick<ServerSpec, "secretFiles">): Map<string, Map<string, string>> {
  const folders = new Map<string, Map<string, string>>();
  const parents = [...new Set(Object.keys(secretFiles).map((path) => posix.dirname(path)))];
  for (const [path, secret] of Object.entries(secretFiles)) {
    const around = parents.filter((parent) => path.startsWith(`${parent}/`));
    const folder = around.toSorted((a, b) => a.length - b.length)[0] ?? posix.dirname(path);
    const files = folders.get(folder) ?? new Map<string, string>();
    folders.set(folder, files.set(path.slice(folder.length + 1), secret));
  }
  return folders;
}

/** What of a spec's secrets does not go together with the rest of it. */
export function* clashes(
  spec: ServerSpec,
): Generator<{ readonly path: readonly PropertyKey[]; readonly message: string }> {
  const { env = {}, secrets = {}, mounts = [] } = spec;
  for (const name of Object.keys(secrets)) {
    if (Object.hasOwn(env, name)) yield { path: ["secrets", name], message: "is in env, too" };
  }
  for (const [folder] of secretFolders(spec)) {
    for (const [index, { target }] of mounts.entries()) {
      if (target !== folder && !target.startsWith(`${folder}/`)) continue;
      yield { path: ["mounts", index, "target"], message: `lies in "${folder}", where secret_files are mounted` };
    }
  }
}
