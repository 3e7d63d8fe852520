import { ManagerError } from "../../base/errors/errors.ts";

/** How a stream ends when the manager shuts down. */
export function shuttingDown(advice: string): ManagerError {
  return new ManagerError("unavailable", `the manager is shutting down; ${advice}`, {
    details: { reason: "MANAGER_STOPPING", delivery: "not_sent", retryAfterMs: 1000 },
  });
}
