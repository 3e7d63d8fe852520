import { ManagerError } from "../../base/errors/errors.ts";
import { detached } from "../../base/text/detached.ts";
import { detachedBeginning } from "../../base/text/truncate.ts";
import { JsonFields } from "../../json/json-fields.ts";
import type { McpInfo } from "../protocol/mcp-info.ts";

/** What a server says of itself goes into every Get and List, and clients of gRPC accept 4 MB. */
const maxNameBytes = 256;
const maxInstructionsBytes = 16 * 1024;
const maxCapabilitiesBytes = 64 * 1024;

/**
 * What a server's reply says of the server, beside its version; `serverInfoJson` is the object with its name. Throws
 * `protocol` when its capabilities are too long to keep.
 */
export function serverIdentity(
  result: JsonFields,
  serverInfoJson: string | undefined,
): Omit<McpInfo, "era" | "protocolVersion"> {
  const capabilities = result.raw("capabilities") ?? "{}";
  if (Buffer.byteLength(capabilities) > maxCapabilitiesBytes) {
    throw malformedHandshake(`the server's capabilities have more than ${maxCapabilitiesBytes} bytes`);
  }
  const serverInfo = JsonFields.of(serverInfoJson ?? "{}");
  return {
    serverName: detachedBeginning(serverInfo?.string("name") ?? "", maxNameBytes),
    serverVersion: detachedBeginning(serverInfo?.string("version") ?? "", maxNameBytes),
    instructions: detachedBeginning(result.string("instructions") ?? "", maxInstructionsBytes),
    capabilitiesJson: detached(capabilities),
  };
}

/** The error for an invalid reply to a handshake. */
export function malformedHandshake(message: string): ManagerError {
  return new ManagerError("protocol", message, { details: { reason: "MALFORMED_REPLY", delivery: "answered" } });
}

/** The server speaks no revision that the manager knows; `spoken` is what it speaks. */
export function unknownVersion(spoken: string, known: readonly string[]): ManagerError {
  const message = `the server speaks MCP ${detachedBeginning(spoken, maxNameBytes)}; this manager speaks ${known.join(", ")}`;
  return new ManagerError("protocol", message, {
    details: { reason: "UNSUPPORTED_PROTOCOL_VERSION", delivery: "answered" },
  });
}
