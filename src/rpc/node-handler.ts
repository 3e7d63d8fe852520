import type { connectNodeAdapter } from "@connectrpc/connect-node";
import { ManagerError } from "../errors.ts";
import { takeBody } from "./read-before.ts";

/** Answers requests of HTTP/1.1 and HTTP/2 alike. */
export type NodeHandler = ReturnType<typeof connectNodeAdapter>;
export type NodeRequest = Parameters<NodeHandler>[0];
export type NodeResponse = Parameters<NodeHandler>[1];

/**
 * A request's body. Whoever stops reading it early leaves the connection whole: the answer has to go out on it. Throws
 * `cancelled` when the caller leaves before its end.
 */
export async function* bodyOf(request: NodeRequest): AsyncGenerator<Buffer> {
  try {
    const before = takeBody(request);
    yield* before?.chunks ?? [];
    if (!before?.whole) yield* request.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new ManagerError("cancelled", "the caller left in the middle of its request", {
      details: { reason: "CANCELLED" },
      cause,
    });
  }
}
