import type { NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";

/**
 * Ends a response whose request's body does not matter. The rest of the body is dropped from now on: otherwise it would
 * be kept until the response is read, and a caller may never read it.
 */
export function endEarly(
  { request, response }: { readonly request: NodeRequest; readonly response: NodeResponse },
  body?: string | Uint8Array,
): void {
  if (body === undefined || request.method === "HEAD") response.end();
  else response.end(body);
  request.resume();
}
