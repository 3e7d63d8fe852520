/** Whose call it is. */
export interface Caller {
  /** Callers take turns where calls queue: those of one lane are one caller. */
  readonly lane: object | undefined;
  /** Whose idempotency keys are one. */
  readonly scope: string;
}
