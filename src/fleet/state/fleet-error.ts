import { ManagerError } from "../../base/errors/errors.ts";

/** The error of a Start while the manager shuts down. */
export function managerStopping(): ManagerError {
  return new ManagerError("unavailable", "the manager is shutting down", {
    details: { reason: "MANAGER_STOPPING", delivery: "not_sent", retryAfterMs: 1000 },
  });
}

/** The error for a server that does not exist. */
export function serverNotFound(name: string): ManagerError {
  return new ManagerError("not_found", `there is no server ${name}; Start it with a spec, or see List`, {
    details: { reason: "SERVER_NOT_FOUND", server: name, delivery: "not_sent" },
  });
}

/** The error of a Start with another spec than the server's. */
export function otherSpecExists(name: string): ManagerError {
  const message = `server ${name} exists with another spec; Stop it first, or choose another name`;
  return new ManagerError("conflict", message, {
    details: { reason: "NAME_TAKEN", server: name, delivery: "not_sent" },
  });
}
