import { JsonFields } from "../../json/json-fields.ts";
import type { Connection, Reply } from "../../jsonrpc/connection.ts";
import type { ClientInfo, McpInfo } from "../protocol/mcp-info.ts";
import { rpcFailure } from "../protocol/rpc-failure.ts";
import { type EraCodec, joinMembers } from "./era-codec.ts";
import { malformedHandshake, serverIdentity, unknownVersion } from "./server-identity.ts";

/** Revisions that open with `initialize`, newest first. A server may answer with any of them. */
export const legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

/**
 * The legacy era: what the handshake agreed on holds for the session, and a request says nothing of it. What a caller
 * can do for the server is not declared: a server's requests could not be attributed to a call.
 */
export const legacyCodec: EraCodec = {
  era: "legacy",
  livenessMethod: "ping",
  params: ({ members, meta }) => `{${joinMembers(members, meta ? `"_meta":{${meta}}` : "")}}`,
};

/**
 * The legacy handshake (MCP lifecycle, revision 2025-11-25): `initialize`, then `notifications/initialized`. Throws
 * `protocol` for a reply that is invalid or too long, what the server refused it with, and the signal's reason;
 * `initialize` is never cancelled, as the specification demands.
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
    throw malformedHandshake("the server's reply to initialize has no protocolVersion");
  }
  const protocolVersion = legacyVersions.find((version) => version === offered);
  if (protocolVersion === undefined) throw unknownVersion(offered, legacyVersions);
  return { era: "legacy", protocolVersion, ...serverIdentity(result, result.raw("serverInfo")) };
}
