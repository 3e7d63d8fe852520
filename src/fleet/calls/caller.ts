/** The caller of a call. */
export interface Caller {
  /** Calls that wait are taken in turns, one of each lane. */
  readonly lane: object | undefined;
  /** Idempotency keys are unique within a scope. */
  readonly scope: string;
}
