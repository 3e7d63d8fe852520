import type { Conversation } from "../../mcp/conversation/handshake.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";

/** What bringing an instance up works with. */
export interface LaunchContext {
  readonly instance: InstanceContext;
  /** The engine's id of the container whose place the one that is made is to take. */
  readonly takesPlaceOf?: string | undefined;
  /** Told of each step. */
  readonly enter: (step: "pulling" | "creating" | "handshaking") => void;
  /** Told of its record as soon as there is one, and when it is gone again. */
  readonly onInstance: (record: InstanceRecord | undefined) => void;
  /** Told when an instance that ran before is started again. */
  readonly onRestart: () => void;
}

/** A server that replies. */
export interface Launched {
  readonly run: Run;
  readonly record: InstanceRecord;
  readonly conversation: Conversation;
}
