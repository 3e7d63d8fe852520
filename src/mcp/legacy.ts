import { detached } from "../detached.ts";
import { ManagerError } from "../errors.ts";
import type { Connection, Reply } from "../jsonrpc/connection.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import { truncateUtf8 } from "../truncate.ts";
import type { McpInfo } from "./mcp-info.ts";
import { rpcFailure } from "./rpc-failure.ts";

/** Revisions that open with `initialize`, newest first. A server may answer with any of them. */
export const legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

/** What a server says of itself goes into every Get and List, and clients of gRPC accept 4 MB. */
const maxNameBytes = 256;
const maxInstructionsBytes = 16 * 1024;
const maxCapabilitiesBytes = 64 * 1024;

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

/**
 * The legacy handshake (MCP lifecycle, revision 2025-11-25): `initialize`, then `notifications/initialized`. No client
 * capabilities are declared: a server's requests could not be attributed to a call. Throws `protocol` for an answer
 * that is none or too long, and the signal's reason; `initialize` is never cancelled, as the specification demands.
 */
export async function initialize(
  connection: Connection,
  options: { readonly clientInfo: ClientInfo; readonly signal?: AbortSignal | undefined },
): Promise<McpInfo> {
  const params = { protocolVersion: legacyVersions[0], capabilities: {}, clientInfo: options.clientInfo };
  const reply = await connection.request("initialize", JSON.stringify(params), { signal: options.signal });
  const info = readInitializeResult(reply);
  connection.notify("notifications/initialized", "{}");
  return info;
}

function readInitializeResult(reply: Reply): McpInfo {
  if ("error" in reply) throw rpcFailure(reply.error, "initialize");
  const result = JsonFields.of(reply.result);
  const offered = result?.string("protocolVersion");
  if (result === undefined || offered === undefined) {
    throw malformed("the server's answer to initialize has no protocolVersion");
  }
  const protocolVersion = legacyVersions.find((version) => version === offered);
  if (protocolVersion === undefined) throw unknownVersion(offered);
  const capabilities = result.raw("capabilities") ?? "{}";
  if (Buffer.byteLength(capabilities) > maxCapabilitiesBytes) {
    throw malformed(`the server's capabilities have more than ${maxCapabilitiesBytes} bytes`);
  }
  const serverInfo = JsonFields.of(result.raw("serverInfo") ?? "{}");
  return {
    era: "legacy",
    protocolVersion,
    serverName: beginning(serverInfo?.string("name"), maxNameBytes),
    serverVersion: beginning(serverInfo?.string("version"), maxNameBytes),
    instructions: beginning(result.string("instructions"), maxInstructionsBytes),
    capabilitiesJson: detached(capabilities),
  };
}

/** As much of a text as is kept, which is as long as the session. */
function beginning(text: string | undefined, maxBytes: number): string {
  return detached(truncateUtf8(text ?? "", { maxBytes, keep: "start" }));
}

function malformed(message: string): ManagerError {
  return new ManagerError("protocol", message, { details: { reason: "MALFORMED_REPLY", delivery: "answered" } });
}

function unknownVersion(version: string): ManagerError {
  const known = legacyVersions.join(", ");
  const message = `the server speaks MCP ${beginning(version, maxNameBytes)}; this manager speaks ${known}`;
  return new ManagerError("protocol", message, {
    details: { reason: "UNSUPPORTED_PROTOCOL_VERSION", delivery: "answered" },
  });
}
