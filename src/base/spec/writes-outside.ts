import type { ServerSpec } from "./spec.ts";

/** Whether two containers of this spec at a time could spoil what they write to: a mount is writable. */
export function writesOutside({ mounts = [] }: ServerSpec): boolean {
  return mounts.some(({ type, writable }) => type !== "tmpfs" && writable === true);
}
