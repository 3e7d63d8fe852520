/** What a server is doing, in a word. */
export type StateKind = "pulling" | "creating" | "handshaking" | "ready" | "draining" | "failed" | "stopped";
