import type { connectNodeAdapter } from "@connectrpc/connect-node";

/** Answers requests of HTTP/1.1 and HTTP/2 alike. */
export type NodeHandler = ReturnType<typeof connectNodeAdapter>;
export type NodeRequest = Parameters<NodeHandler>[0];
export type NodeResponse = Parameters<NodeHandler>[1];

/** Takes a request, to be answered by it alone, or does not, and says which. */
export type Mount = (request: NodeRequest, response: NodeResponse) => boolean;
