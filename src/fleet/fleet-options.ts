import type { CallerOptions } from "../base/async/deadline-signal.ts";
import type { ServerSpec } from "../base/spec/spec.ts";
import type { AdmissionRules } from "./admission.ts";
import type { Caller } from "./calls/caller.ts";
import type { TextCache } from "./programs/text-cache.ts";
import type { FleetDependencies } from "./run/fleet-services.ts";
import type { Secrets } from "./secrets/secrets.ts";

export interface FleetOptions extends FleetDependencies {
  readonly admission: AdmissionRules;
  readonly logRingBytes: number;
  /** Deadline of a call whose caller and spec set none. */
  readonly defaultCallTimeoutMs: number;
  /** How long a container may belong to nobody before it is removed. */
  readonly reapGraceMs: number;
  /** What outlives the manager beside the engine. Absent: nothing does. */
  readonly cache?: FleetCache | undefined;
  /** Default: none is declared. */
  readonly secrets?: Secrets | undefined;
}

/** What is known of programs, and what they list. */
export interface FleetCache {
  readonly programs: TextCache;
  readonly listings: TextCache;
}

export interface StartOptions {
  /** Absent: the server that there is. */
  readonly spec?: ServerSpec | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A call into a server: without a deadline of the caller's, the spec's or the default one applies. */
export interface CallOptions extends CallerOptions {
  readonly callerHasDeadline: boolean;
  /** Characters that the call keeps in memory while it waits. */
  readonly chars?: number;
  readonly caller: Caller;
}
