import { ManagerError } from "../../base/errors/errors.ts";
import { JsonFields } from "../../json/json-fields.ts";
import { arrayElements } from "../../json/json-members.ts";
import type { Connection, Reply, RequestOptions } from "../../jsonrpc/connection.ts";
import type { LogLevel } from "../protocol/log-level.ts";
import type { ClientInfo, McpInfo } from "../protocol/mcp-info.ts";
import { rpcFailure } from "../protocol/rpc-failure.ts";
import { type EraCodec, joinMembers } from "./era-codec.ts";
import { malformedHandshake, serverIdentity, unknownVersion } from "./server-identity.ts";

/** Revisions without a handshake, newest first. */
export const modernVersions = ["2026-07-28"] as const;

/** A server may list this many revisions; what comes after is not looked at. */
const maxVersions = 100;

/**
 * The modern era (MCP revision 2026-07-28, basic/index, `_meta`): each request says the revision, who asks, and what
 * the asker can do for the server.
 */
export function modernCodec(options: { readonly clientInfo: ClientInfo; readonly logs: boolean }): EraCodec {
  // Servers of this era log nothing by MCP for a request that does not ask for it.
  let logLevel: LogLevel | undefined = options.logs ? "info" : undefined;
  const asker = joinMembers(
    `${key("protocolVersion")}:${JSON.stringify(modernVersions[0])}`,
    `${key("clientInfo")}:${JSON.stringify(options.clientInfo)}`,
  );
  const askForLogs = (level: LogLevel) => {
    logLevel = level;
  };
  return {
    ...(options.logs ? { askForLogs } : {}),
    era: "modern",
    livenessMethod: "server/discover",
    params: ({ members, meta, clientCapabilitiesJson = "{}" }) => {
      const level = logLevel === undefined ? "" : `${key("logLevel")}:"${logLevel}"`;
      const capabilities = `${key("clientCapabilities")}:${clientCapabilitiesJson}`;
      return `{${joinMembers(members, `"_meta":{${joinMembers(asker, level, capabilities, meta)}}`)}}`;
    },
  };
}

/** What the server says of itself. */
export interface Discovery {
  readonly info: McpInfo;
  readonly codec: EraCodec;
}

/**
 * Asks a server what it is (MCP revision 2026-07-28, server/discover). Throws what the server refused it with,
 * `protocol` for an invalid reply (as a server's of the legacy era may be) or one that speaks of other revisions only,
 * and what `Connection.request` throws.
 */
export async function discover(
  connection: Connection,
  options: RequestOptions & { readonly clientInfo: ClientInfo },
): Promise<Discovery> {
  const { clientInfo, ...request } = options;
  const params = modernCodec({ clientInfo, logs: false }).params({});
  const info = readDiscoverResult(await connection.request("server/discover", params, request));
  const logs = JsonFields.of(info.capabilitiesJson)?.raw("logging") !== undefined;
  return { info, codec: modernCodec({ clientInfo, logs }) };
}

function readDiscoverResult(reply: Reply): McpInfo {
  if ("error" in reply) throw rpcFailure(reply.error, "server/discover");
  const result = JsonFields.of(reply.result);
  const supported = result?.raw("supportedVersions");
  if (result === undefined || !supported?.startsWith("[")) {
    throw malformedHandshake("the server's reply to server/discover has no supportedVersions");
  }
  const versions = arrayElements(supported).slice(0, maxVersions);
  const protocolVersion = modernVersions.find((version) => versions.includes(JSON.stringify(version)));
  if (protocolVersion === undefined) throw unknownVersion(supported, modernVersions);
  // Earlier drafts of the revision had it beside the capabilities.
  const meta = JsonFields.of(result.raw("_meta") ?? "{}");
  const serverInfo = meta?.raw("io.modelcontextprotocol/serverInfo") ?? result.raw("serverInfo");
  return { era: "modern", protocolVersion, ...serverIdentity(result, serverInfo) };
}

/** Whether the error is the server's reply, or speaks of one; else there is no reply, and none can come. */
export function isReply(error: unknown): error is ManagerError {
  return error instanceof ManagerError && error.details.delivery === "answered";
}

function key(name: string): string {
  return `"io.modelcontextprotocol/${name}"`;
}
