/** What one connection may keep in memory, in each direction. */
export interface ConnectionLimits {
  /** Longest line that is read from the other side; of a longer one only the beginning and the end are kept. */
  readonly maxLineBytes: number;
  /** Most characters that may wait for the other side to read. */
  readonly maxQueuedChars: number;
}
