/** How the manager's own file stands to its fleet. */
export interface ServersFileState {
  /** The files, in the order in which they are merged. */
  readonly paths: readonly string[];
  readonly kind:
    | "applying"
    /** The fleet is what the file says. */
    | "applied"
    /** It was applied, but for some servers. */
    | "incomplete"
    /** It can't be read, or has mistakes: the fleet is as it was before. */
    | "failed";
  /** Since when. */
  readonly timeMs: number;
  /** What is wrong, a sentence each; for a mistake in a file with its line and column. */
  readonly problems: readonly string[];
}
