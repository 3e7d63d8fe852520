/** Who calls. */
export interface Principal {
  /** `KIND:NAME`, or `anonymous`. */
  readonly id: string;
  readonly groups: readonly string[];
}

/** Everybody, for as long as nobody is asked who they are. */
export const anonymous: Principal = Object.freeze({ id: "anonymous", groups: Object.freeze([]) });
