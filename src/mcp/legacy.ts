import { ManagerError } from "../errors.ts";
import type { Connection, Reply } from "../jsonrpc/connection.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import type { McpInfo } from "./mcp-info.ts";
import { rpcFailure } from "./rpc-failure.ts";

/** Revisions that open with `initialize`, newest first. A server may answer with any of them. */
export const legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

/**
 * The legacy handshake (MCP lifecycle, revision 2025-11-25): `initialize`, then `notifications/initialized`. No client
 * capabilities are declared: a server's requests could not be attributed to a call. Throws `protocol` for an answer
 * that is none, and the signal's reason; `initialize` is never cancelled, as the specification demands.
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
  const protocolVersion = result?.string("protocolVersion");
  if (result === undefined || protocolVersion === undefined) {
    throw new ManagerError("protocol", "the server's answer to initialize has no protocolVersion", {
      details: { reason: "MALFORMED_REPLY", delivery: "answered" },
    });
  }
  if (!(legacyVersions as readonly string[]).includes(protocolVersion)) {
    const known = legacyVersions.join(", ");
    throw new ManagerError("protocol", `the server speaks MCP ${protocolVersion}; this manager speaks ${known}`, {
      details: { reason: "UNSUPPORTED_PROTOCOL_VERSION", delivery: "answered" },
    });
  }
  const serverInfo = JsonFields.of(result.raw("serverInfo") ?? "{}");
  return {
    era: "legacy",
    protocolVersion,
    serverName: serverInfo?.string("name") ?? "",
    serverVersion: serverInfo?.string("version") ?? "",
    instructions: result.string("instructions") ?? "",
    capabilitiesJson: result.raw("capabilities") ?? "{}",
  };
}
