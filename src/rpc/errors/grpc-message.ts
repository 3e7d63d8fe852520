const name = "grpc-message";

/**
 * Writes an error's message as gRPC means it: only what can't stand in a header is percent-encoded. The RPC library
 * encodes punctuation, too, which grpc-js shows as it comes: `exited with code 3%3B the call …`.
 */
export function plainGrpcMessage(headers: Headers): void {
  const encoded = headers.get(name);
  if (encoded === null) return;
  const message = decodeURIComponent(encoded);
  // Spaces at the ends would not survive.
  headers.set(name, message.replaceAll(/[^ -$&-~]|^ | $/gu, encodeURIComponent));
}
