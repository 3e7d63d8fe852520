import type { ErrorReason } from "../../base/errors/error-reason.ts";
import { type ErrorKind, ManagerError } from "../../base/errors/errors.ts";
import { detachedBeginning } from "../../base/text/truncate.ts";
import type { RpcError } from "../../jsonrpc/message.ts";

const kinds: Readonly<Record<number, { kind: ErrorKind; reason: ErrorReason }>> = {
  [-32602]: { kind: "invalid", reason: "SERVER_REFUSED_PARAMS" },
  [-32601]: { kind: "unsupported", reason: "METHOD_NOT_FOUND" },
  // The two below are of MCP revision 2026-07-28 (basic/index, error codes). The caller can declare more.
  [-32021]: { kind: "not_running", reason: "CLIENT_CAPABILITY_MISSING" },
  [-32022]: { kind: "protocol", reason: "UNSUPPORTED_PROTOCOL_VERSION" },
};

const maxMessageBytes = 600;
const maxDataBytes = 1024;

/** A JSON-RPC error that the server answered, in the manager's terms, with the server's own words in it. */
export function rpcFailure(error: RpcError, method: string): ManagerError {
  const { kind, reason } = kinds[error.code] ?? { kind: "server_error", reason: "SERVER_ERROR" };
  // Detached: errors outlive the line that they came in.
  const words = detachedBeginning(error.message, maxMessageBytes);
  return new ManagerError(kind, `the server answered ${method} with error ${error.code}: ${words}`, {
    details: {
      reason,
      delivery: "answered",
      rpcCode: error.code,
      ...(error.data === undefined ? {} : { rpcData: detachedBeginning(error.data, maxDataBytes) }),
    },
  });
}
