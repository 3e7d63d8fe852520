import type { ServerSpec } from "../../../base/spec/spec.ts";

/** Size of a tmpfs, /tmp included. Its pages count as the container's memory. */
export const tmpfsBytes = 64 * 1024 * 1024;

/**
 * The small writable /tmp that a server with a read-only root gets, unless the spec mounts something there. Nothing can
 * be executed from it, as from any tmpfs that Docker makes by default.
 */
export function ownTmpfs({ readOnlyRoot, mounts = [] }: ServerSpec): Record<string, string> {
  if (readOnlyRoot === false || mounts.some(({ target }) => target === "/tmp")) return {};
  return { "/tmp": `rw,noexec,nosuid,nodev,size=${tmpfsBytes},mode=1777` };
}
