import { toConnectError } from "../rpc/errors/connect-error.ts";
import type { MalformedRequest } from "../server/responses/malformed-response.ts";
import { errorText } from "./error-response.ts";
import { malformedRequest } from "./refusals.ts";

/** The body of the response to a malformed request of HTTP/1.1, in the form of the protocol that its path tells. */
export function malformedText({ status, problem, target }: MalformedRequest): string {
  return errorText(toConnectError(malformedRequest(status, problem).error), target);
}
