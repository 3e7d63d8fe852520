import type { ServerSpec } from "../../../base/spec/spec.ts";

/** Size of a tmpfs, /tmp included, unless its mount says another. Its pages count as the container's memory. */
export const tmpfsBytes = 64 * 1024 * 1024;

/** Everybody may write, and only owners remove their files. */
export const tmpfsMode = "1777";

/**
 * The small writable /tmp that a server with a read-only root gets, unless the spec mounts something there. Nothing can
 * be executed from it, as from any tmpfs that Docker makes by default.
 */
export function ownTmpfs({ readOnlyRoot, mounts = [] }: ServerSpec): Record<string, string> {
  if (readOnlyRoot === false || mounts.some(({ target }) => target === "/tmp")) return {};
  return { "/tmp": tmpfsOptions({}) };
}

/** The options of a tmpfs in `HostConfig.Tmpfs`, where, unlike in a mount, it can have an owner, `uid:gid`. */
export function tmpfsOptions(tmpfs: {
  readonly sizeBytes?: number | undefined;
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
}): string {
  const { sizeBytes = tmpfsBytes, mode = tmpfsMode, owner } = tmpfs;
  const [uid, gid] = owner?.split(":") ?? [];
  const whose = owner === undefined ? "" : `,uid=${uid},gid=${gid}`;
  return `rw,noexec,nosuid,nodev,size=${sizeBytes},mode=${mode}${whose}`;
}
