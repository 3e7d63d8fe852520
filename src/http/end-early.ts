import type { NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";

/**
 * Ends a response for which its request's body does not matter. What comes of that is dropped from now on: until the
 * response is read it would be kept, and a caller needs to read none.
 */
export function endEarly(
  { request, response }: { readonly request: NodeRequest; readonly response: NodeResponse },
  body?: string | Uint8Array,
): void {
  if (body === undefined || request.method === "HEAD") response.end();
  else response.end(body);
  request.resume();
}
