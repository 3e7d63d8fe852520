import type { ServerSpec } from "../../base/spec/spec.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { ServerFailure } from "./server-failure.ts";
import type { StateKind } from "./state-kind.ts";

export interface HealthSnapshot {
  readonly healthy: boolean;
  /** Checks in a row without a reply. */
  readonly failures: number;
  /** When it last replied; undefined: no check has had a reply yet. */
  readonly repliedMs: number | undefined;
}

/** A server's description at one moment. */
export interface ServerSnapshot {
  readonly name: string;
  readonly spec: ServerSpec;
  /** The set that declared it; undefined: a Start made it. */
  readonly origin: string | undefined;
  readonly state: StateKind;
  /** It is `stopped`, and stays declared: a Start brings it up. */
  readonly rests: boolean;
  readonly restartCount: number;
  readonly callsInFlight: number;
  readonly callsQueued: number;
  readonly failure: ServerFailure | undefined;
  readonly mcp: McpInfo | undefined;
  readonly instances: readonly InstanceSnapshot[];
  /** Lines on stdout that were no message. */
  readonly strayLines: number;
  /** Replies that nobody waited for. */
  readonly lateReplies: number;
  /** Processes that the kernel ended for lack of memory. */
  readonly oomKills: number;
  /** Another one for each state that any server of the fleet went into. */
  readonly revision: number;
  /** What the engine last said of the pull under way; empty when there is none. */
  readonly pullProgress: string;
}

/** An instance of a server, once it has a container. */
export interface InstanceSnapshot {
  readonly record: InstanceRecord;
  readonly state: StateKind;
  readonly callsInFlight: number;
  /** Undefined: it was never ready. */
  readonly health: HealthSnapshot | undefined;
}
