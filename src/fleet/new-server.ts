import type { Made } from "./replicas/updates.ts";

/** A server that the manager shall know. */
export interface NewServer extends Made {
  readonly name: string;
  /** It has no container until a call (`idle`) or a Start (`stopped`) wants it. Absent: it is started at once. */
  readonly rests?: "idle" | "stopped" | undefined;
  /** It stays when its first start fails: its file says that it shall be there. Default: only one that rests does. */
  readonly isKept?: boolean | undefined;
}
