import { dirname, isAbsolute, resolve } from "node:path";
import type { MountSpec } from "../../base/spec/spec.ts";

/** A mount, as the schema of a spec takes it, or the rule that its text breaks. */
export type MountText = { readonly mount: MountSpec } | { readonly rule: string };

/** `./data:/data:ro`, `cache:/cache:rw`, `tmpfs:/cache`. Read-only unless it says `:rw`. */
export function readMountText(text: string, file: string): MountText {
  const [source = "", target = "", access, ...more] = text.split(":");
  if (source === "" || target === "") {
    return { rule: "must be source:target, such as ./data:/data, cache:/cache or tmpfs:/cache" };
  }
  if (more.length > 0 || (access !== undefined && access !== "ro" && access !== "rw")) {
    return {
      rule: "may end with :ro or :rw, and nothing else; what a mount has besides, a mapping says: {type: bind, source: …, target: …}",
    };
  }
  if (source === "tmpfs") {
    if (access === "ro") return { rule: "is a tmpfs, which is always writable: take out :ro" };
    return { mount: { type: "tmpfs", target } };
  }
  if (source.startsWith("~")) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what users write
    return { rule: "begins with ~, which only shells understand: write ${HOME}" };
  }
  const writable = access === "rw" ? { writable: true } : {};
  if (isPath(source)) return { mount: { type: "bind", source: fromFolderOf(file, source), target, ...writable } };
  if (source.includes("/"))
    return { rule: `has a source that is neither a path nor the name of a volume: a path begins with / or ./` };
  return { mount: { type: "volume", source, target, ...writable } };
}

/** What names a place on the host, and not a volume. */
export function isPath(source: string): boolean {
  return /^(?:\/|\.{1,2}(?:\/|$))/.test(source);
}

/** An absolute path as it is; a relative one from the folder in which the file lies. */
export function fromFolderOf(file: string, path: string): string {
  return isAbsolute(path) ? path : resolve(dirname(file), path);
}
