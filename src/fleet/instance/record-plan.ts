import { ManagerError } from "../../base/errors/errors.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { runEndError } from "../run/run-end.ts";

/** What an instance that is found in the engine means for its server. */
export type RecordPlan =
  /** It runs: attach and go on. */
  | { readonly kind: "take_over"; readonly record: InstanceRecord }
  /** It ran once, and can be started again. `error` says why it does not run. */
  | { readonly kind: "exited"; readonly record: InstanceRecord; readonly error: ManagerError }
  /** Somebody paused it: nothing can be done until it is unpaused. */
  | { readonly kind: "paused"; readonly record: InstanceRecord; readonly error: ManagerError }
  /** Nothing can be done with it, ever. */
  | { readonly kind: "unusable"; readonly record: InstanceRecord; readonly error: ManagerError }
  /** It was being stopped, or never started: remove it. */
  | { readonly kind: "finish_removal"; readonly record: InstanceRecord }
  | { readonly kind: "gone"; readonly error: ManagerError };

/** The one place that reads an instance's state: at boot, at resync, at Start, and after a lost attachment. */
export function planFor(server: string, record: InstanceRecord | undefined): RecordPlan {
  if (record === undefined) {
    return { kind: "gone", error: runEndError(server, { end: { kind: "gone" }, stderrTail: "", doing: "" }) };
  }
  if (record.mark === "stopping" || record.state === "created") return { kind: "finish_removal", record };
  if (record.usability.kind === "terminal") return { kind: "unusable", record, error: hasTerminal(server) };
  if (record.state === "running") return { kind: "take_over", record };
  if (record.state === "paused") return { kind: "paused", record, error: paused(server) };
  const end = { kind: "exited", exit: record.exit ?? { oomKilled: false } } as const;
  const doing = " while the manager did not see it";
  return { kind: "exited", record, error: runEndError(server, { end, stderrTail: "", doing }) };
}

function paused(server: string): ManagerError {
  const message = `the container of server ${server} is paused: unpause it, and the server goes on`;
  return new ManagerError("not_running", message, {
    details: { reason: "CONTAINER_PAUSED", server, delivery: "not_sent" },
  });
}

function hasTerminal(server: string): ManagerError {
  const message = `the container of server ${server} has a terminal (-t), through which MCP does not work; no manager made it: Stop the server, which removes the container, then Start it with its spec`;
  return new ManagerError("not_running", message, {
    details: { reason: "ATTACH_FAILED", server, delivery: "not_sent" },
  });
}
