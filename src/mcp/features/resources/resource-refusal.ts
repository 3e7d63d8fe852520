import type { ManagerError } from "../../../base/errors/errors.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import type { RpcError } from "../../../jsonrpc/message.ts";
import { rpcFailure } from "../../protocol/rpc-failure.ts";
import { notListed } from "../shared/not-listed.ts";

/** Which request about which resource was refused. */
export interface ResourceRequest {
  readonly method: string;
  readonly uri: string;
}

/** Legacy servers' code for a resource that is not there. */
const resourceNotFound = -32002;
const invalidParams = -32602;

/** What a server's refusal says: that it has no such resource, or anything else. */
export function resourceRefusal(error: RpcError, { method, uri }: ResourceRequest): ManagerError {
  const failure = rpcFailure(error, method);
  const isMissing = error.code === resourceNotFound || (error.code === invalidParams && isUriAlone(error.data));
  return isMissing ? missingResource(uri, failure) : failure;
}

export function missingResource(uri: string, cause: ManagerError): ManagerError {
  const seen = "ListResources and ListResourceTemplates show";
  return notListed({ noun: "resource", name: uri, seen, reason: "RESOURCE_NOT_FOUND" }, cause);
}

/** How modern servers tell it from other refused parameters (MCP revision 2026-07-28, server/resources). */
function isUriAlone(data: string | undefined): boolean {
  const fields = JsonFields.of(data ?? "");
  return fields?.string("uri") !== undefined && fields.rest(new Set(["uri"])) === "";
}
