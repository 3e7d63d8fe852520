import type { z } from "zod";

/** What an operation does, for those who say who may do it. */
export type Action =
  /** Look at what there is. */
  | "view"
  /** Use what servers offer. */
  | "call"
  /** Read what servers log, which holds other callers' data. */
  | "logs"
  /** Start, stop and change servers. */
  | "operate"
  /** Change who may do what. */
  | "administer";

/** What an operation is about. */
export type Target =
  | { readonly kind: "fleet" }
  /** Servers that are declared together. */
  | { readonly kind: "set"; readonly set: string }
  | { readonly kind: "server"; readonly server: string }
  | { readonly kind: "tool"; readonly server: string; readonly tool: string }
  /** `uri`: of the resource, or of the template it is made by. */
  | { readonly kind: "resource"; readonly server: string; readonly uri: string }
  | { readonly kind: "prompt"; readonly server: string; readonly prompt: string };

export type Targets = readonly [Target, ...Target[]];

/**
 * What every face, authorisation and the deadlines have to know of an operation. `Request`: what it reads of a request.
 */
export interface Operation<in Request = never> {
  /**
   * The rules of its request, in the domain's terms: `gracePeriodMs` is the field `grace_period`. Texts that hold JSON,
   * and structures, have their rules where they are read (`json/caller-json.ts`).
   */
  readonly schema: z.ZodObject;
  readonly action: Action;
  /**
   * What a request is about, before anything has checked it. Never empty: a request without targets would be allowed to
   * everybody.
   */
  readonly targets: (request: Request) => Targets;
  /** Whether its response is a listing: once there is a policy, the listing holds only what its caller may view. */
  readonly filtered: boolean;
  /** Whether its request goes on to a server: an error of any other never says `sent`. */
  readonly reachesServer: boolean;
  /** Whether the manager's longest deadline applies to it. */
  readonly capped: boolean;
  /**
   * Whether a caller may leave its stream unread for as long as there is room: what it misses is left out, not kept.
   */
  readonly mayLag: boolean;
}
