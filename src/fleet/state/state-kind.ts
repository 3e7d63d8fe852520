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

/** As it stands in a sentence: "it is backing off". */
export function inWords(state: StateKind): string {
  return state.replace("_", " ");
}
