import type { ManagerError } from "../../../base/errors/errors.ts";
import { secretFolders } from "../../../base/spec/secret-places.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import { numericUser } from "../files/user-files.ts";
import { bindNotAllowed } from "./bind-not-allowed.ts";

/**
 * Capabilities that give no right to files of others and no other identity. A process with any other one (CHOWN,
 * SETUID, DAC_OVERRIDE, MKNOD, SYS_ADMIN) is not bound by the user that a writable bind demands. Capabilities that this
 * version does not know are refused.
 */
const harmless: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "BLOCK_SUSPEND",
  "IPC_LOCK",
  "KILL",
  "NET_ADMIN",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_RAW",
  "SYSLOG",
  "SYS_NICE",
  "SYS_TIME",
  "WAKE_ALARM",
]);

export function hasWritableBind({ mounts = [] }: Pick<ServerSpec, "mounts">): boolean {
  return mounts.some(({ type, writable }) => type === "bind" && writable === true);
}

/** With these a server mounts a bind anew, and then writable. */
const remounting: ReadonlySet<string> = new Set(["ALL", "SYS_ADMIN"]);

/**
 * Throws `denied` for a capability that a server with bind mounts must not have: files of the host are its own user's
 * only as long as it is that user, and read-only as long as it can't mount.
 */
export function checkBindCapabilities(
  capAdd: readonly string[],
  { binds }: { readonly binds: readonly { readonly writable?: boolean | undefined }[] },
): void {
  if (binds.length === 0) return;
  const isWritable = binds.some(({ writable }) => writable === true);
  for (const [index, added] of capAdd.entries()) {
    const cap = added.replace(/^CAP_/, "");
    if (isWritable ? harmless.has(cap) : !remounting.has(cap)) continue;
    const [what, why, todo] = isWritable
      ? ["that may write to a bind mount", "gives rights to files of others", "Mount read-only, or use a volume"]
      : ["with a bind mount", "could make the mount writable", "Use a volume"];
    const description = `${added} must not be added to a server ${what}: it ${why}. ${todo}`;
    throw bindNotAllowed({ field: `spec.cap_add[${index}]`, description });
  }
}

/**
 * Throws `denied` unless servers may write to bind mounts as this user, a `uid:gid`; `shown` is how it was asked for.
 */
export function checkBindUser(
  user: string,
  { shown, bindUsers }: { readonly shown: string; readonly bindUsers: readonly string[] },
): void {
  if (bindUsers.includes(user)) return;
  const is = shown.includes(user.replace(/:$/, "")) ? shown : `${shown} is ${user}, and`;
  const todo = `set user to ${bindUsers.join(" or ")} (MCPM_BIND_USERS), mount read-only, or use a volume`;
  throw bindUserDenied(`${is} may not write to a bind mount: ${todo}`);
}

/** What can be told of a spec alone, before its image is there. */
export function checkBindRights(spec: ServerSpec, bindUsers: readonly string[]): void {
  const { mounts = [], capAdd = [] } = spec;
  const files = [...secretFolders(spec).keys()].map(() => ({ writable: false }));
  checkBindCapabilities(capAdd, { binds: [...mounts.filter(({ type }) => type === "bind"), ...files] });
  if (!hasWritableBind(spec)) return;
  const shown = `user ${spec.user}`;
  const user = numericUser(spec.user ?? "");
  if (user !== undefined) checkBindUser(user, { shown, bindUsers });
  // The image says which group goes with it; this user has no rights of its own in any case.
  const uid = /^[0-9]{1,10}$/.test(spec.user ?? "") ? Number(spec.user) : undefined;
  const isSome = uid === undefined || bindUsers.some((allowed) => allowed.startsWith(`${uid}:`));
  if (!isSome) checkBindUser(`${uid}:`, { shown, bindUsers });
}

export function bindUserDenied(description: string): ManagerError {
  return bindNotAllowed({ field: "spec.user", description });
}
