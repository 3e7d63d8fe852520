import { ManagerError } from "../base/errors/errors.ts";

/**
 * The protections that the runtime enforces on a server, as far as that can be told from outside: `swap` bounds what it
 * may take on top of its memory, `seccomp` is the engine's filter of system calls. The words stand in GetInfo and in
 * the log.
 */
export const protections = ["memory", "swap", "cpus", "pids", "seccomp"] as const;

export type Protection = (typeof protections)[number];

/** The protections that MCPM_REQUIRE_LIMITS demands. */
const limits: readonly Protection[] = ["memory", "swap", "cpus", "pids"];

/** Throws `not_running` (NOT_ENFORCED) when one of the limits is not enforced. */
export function requireLimits(unenforced: readonly Protection[], { why }: { readonly why: string }): void {
  const missing = limits.filter((limit) => unenforced.includes(limit));
  if (missing.length === 0) return;
  const message = `limits that would not be enforced (${missing.join(", ")}), and MCPM_REQUIRE_LIMITS is set: ${why}`;
  throw new ManagerError("not_running", message, { details: { reason: "NOT_ENFORCED", delivery: "not_sent" } });
}
