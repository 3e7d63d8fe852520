import type { LargeRequest, Protocol } from "./send-request.ts";

/** A body that is made when it is needed: all of them together are a gigabyte. */
export interface Body {
  readonly name: string;
  readonly protocols: readonly Protocol[];
  /** What differs by protocol: where it goes, and how its parts are named there. */
  make(protocol: Protocol): LargeRequest;
}
