import type { ServersFileState } from "../../fleet/desired/file-state.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { ToolCalls } from "../../fleet/tools/tool-calls.ts";
import type { Runtime } from "../../runtime/runtime.ts";

export interface ServiceOptions {
  readonly fleet: Fleet;
  readonly toolCalls: ToolCalls;
  readonly runtime: Runtime;
  readonly info: ManagerInfo;
  /** How the manager's own file stands to the fleet; undefined: there is none. */
  readonly serversFile: () => ServersFileState | undefined;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since any moment; steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
  /** Pause between heartbeats of an idle stream. */
  readonly heartbeatMs: number;
  /** Aborts when the manager shuts down: streams end UNAVAILABLE. */
  readonly shutdown: AbortSignal;
}

/** What GetInfo tells, besides the engine's version; the RPCs are bounded by the same limits. */
export interface ManagerInfo {
  readonly version: string;
  readonly fleet: string;
  readonly maxCpus: number;
  readonly maxMemoryBytes: number;
  readonly maxPids: number;
  readonly maxRequestBytes: number;
  readonly maxLineBytes: number;
  readonly defaultCallTimeoutMs: number;
  readonly maxCallTimeoutMs: number;
  readonly logRingBytes: number;
}
