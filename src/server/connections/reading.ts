import type net from "node:net";

/** The handle that a socket of Node reads from; Node's own HTTP servers stop and start it in this way, too. */
interface Handle {
  /** Whether the socket itself is reading. */
  readonly reading?: boolean;
  readStop(): void;
  readStart(): void;
}

/**
 * Reads nothing more from a connection that one of Node's HTTP servers has. They read from its handle: a pause of the
 * socket would not reach the handle, or would be undone with the next request.
 */
export function stopReading(socket: net.Socket): void {
  handleOf(socket)?.readStop();
}

/** Reads on, unless Node itself waits for something. */
export function readOn(socket: net.Socket): void {
  const handle = handleOf(socket);
  if (handle?.reading) handle.readStart();
}

/** Undefined for a closed socket. */
function handleOf(socket: net.Socket): Handle | undefined {
  return (socket as unknown as { readonly _handle: Handle | null })._handle ?? undefined;
}
