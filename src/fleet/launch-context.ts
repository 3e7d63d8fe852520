import type { ConnectionLimits } from "../jsonrpc/connection-limits.ts";
import type { Log } from "../log.ts";
import type { Conversation } from "../mcp/handshake.ts";
import type { ClientInfo } from "../mcp/mcp-info.ts";
import type { InstanceRecord, Runtime } from "../runtime/runtime.ts";
import type { ServerSpec } from "../spec.ts";
import type { EraVerdicts } from "./era-verdicts.ts";
import type { ExitWatch } from "./exit-watch.ts";
import type { LogRing } from "./log-ring.ts";
import type { Run } from "./run.ts";

/** What bringing a server up needs. */
export interface LaunchContext {
  readonly runtime: Runtime;
  readonly exits: ExitWatch;
  readonly ring: LogRing;
  readonly clientInfo: ClientInfo;
  readonly limits: ConnectionLimits;
  readonly name: string;
  readonly spec: ServerSpec;
  /** Which copy of the server: 0 is the first. */
  readonly replica: number;
  readonly newId: () => string;
  readonly eras: EraVerdicts;
  readonly log: Log;
  /** Told of each step. */
  readonly enter: (step: "pulling" | "creating" | "handshaking") => void;
  /** Told of each step of a pull. */
  readonly onPull: (progress: string) => void;
  /** Told of the instance as soon as there is one, and when it is gone again. */
  readonly onInstance: (record: InstanceRecord | undefined) => void;
  /** Told when an instance that ran before is started again. */
  readonly onRestart: () => void;
}

/** A server that answers. */
export interface Launched {
  readonly run: Run;
  readonly record: InstanceRecord;
  readonly conversation: Conversation;
}
