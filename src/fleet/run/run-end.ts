import type { ErrorReason } from "../../base/errors/error-reason.ts";
import { type ErrorKind, ManagerError } from "../../base/errors/errors.ts";
import type { ConnectionEnd } from "../../jsonrpc/connection-error.ts";
import type { InstanceExit } from "../../runtime/runtime.ts";

/** Why a run of an instance ended. */
export type RunEnd =
  | { readonly kind: "exited"; readonly exit: InstanceExit }
  /** The container was removed behind the manager's back. */
  | { readonly kind: "gone" }
  /** The container lives, its stdio is lost. */
  | { readonly kind: "detached" }
  | { readonly kind: "engine_down" }
  /** The manager ended it: a Stop, a failed handshake, its own shutdown. */
  | { readonly kind: "released"; readonly reason: ErrorReason; readonly message: string };

/** What the callers of pending calls are told. */
export function connectionEnd(server: string, options: { end: RunEnd; stderrTail: string }): ConnectionEnd {
  const { end, stderrTail } = options;
  const tail = stderrTail === "" ? {} : { stderrTail };
  switch (end.kind) {
    case "exited": {
      const details = { ...exitDetails(end.exit), ...tail };
      return { reason: exitReason(end.exit), message: exitMessage(server, end.exit), details };
    }
    case "gone":
      return { reason: "CONTAINER_REMOVED", message: `the container of server ${server} was removed`, details: tail };
    case "detached":
      return { reason: "ATTACHMENT_LOST", message: `the engine closed the stdio of server ${server}`, details: tail };
    case "engine_down": {
      const message = `the engine that runs server ${server} does not answer`;
      return { reason: "ENGINE_UNAVAILABLE", message, details: tail };
    }
    case "released":
      return { reason: end.reason, message: end.message };
    default:
      return end satisfies never;
  }
}

/** The same as an error of its own, for a Start that it spoils and for the server's last error. */
export function runEndError(server: string, options: { end: RunEnd; stderrTail: string; doing: string }): ManagerError {
  const { reason, message, details } = connectionEnd(server, options);
  return new ManagerError(kindOf(options.end), `${message}${options.doing}`, {
    details: { ...details, reason, server, delivery: "not_sent" },
  });
}

function kindOf(end: RunEnd): ErrorKind {
  return end.kind === "engine_down" || end.kind === "detached" ? "unavailable" : "not_running";
}

function exitReason(exit: InstanceExit): ErrorReason {
  return exit.oomKilled ? "SERVER_OUT_OF_MEMORY" : "SERVER_EXITED";
}

function exitMessage(server: string, exit: InstanceExit): string {
  const code = exit.exitCode === undefined ? "" : ` with code ${exit.exitCode}`;
  const oom = exit.oomKilled ? " because it ran out of memory (raise limits.memory_bytes)" : "";
  return `server ${server} exited${code}${oom}`;
}

function exitDetails(exit: InstanceExit): { exitCode?: number; oomKilled: boolean } {
  return { oomKilled: exit.oomKilled, ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }) };
}
