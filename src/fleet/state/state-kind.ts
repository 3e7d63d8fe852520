/** What a server or one of its instances is doing, in a word. */
export type StateKind =
  | "pulling"
  | "creating"
  | "handshaking"
  | "ready"
  | "backing_off"
  | "idle"
  | "draining"
  | "failed"
  | "stopped";
