/** What is done to a manager, once, and bounded: one request, or a flood of a few seconds. */
export interface Attack {
  readonly name: string;
  /** Whether it is one request, which the bound on memory and on the time of the loop is about. */
  readonly single: boolean;
  /** Does it and takes back what it opened. When the signal aborts, all of it ends at once. */
  run(port: number, signal: AbortSignal): Promise<Sent>;
}

export interface Sent {
  readonly bytes: number;
  /** How many requests, frames or connections. */
  readonly count: number;
  /** What came of it, in a few words. */
  readonly outcome: string;
}
