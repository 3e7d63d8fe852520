import { parentPort } from "node:worker_threads";
import { type CheckInput, type CheckResult, checkArguments } from "./check-arguments.ts";

/** What the thread says: that it is there, or what a check found; and the processor time that it has used so far. */
export interface WorkerMessage {
  readonly result: CheckResult | undefined;
  readonly cpuMs: number;
}

function say(result: CheckResult | undefined): void {
  const { user, system } = process.threadCpuUsage();
  parentPort?.postMessage({ result, cpuMs: (user + system) / 1000 } satisfies WorkerMessage);
}

/** The thread of `CheckThread`: one check after the other. */
parentPort?.on("message", (input: CheckInput) => say(checkArguments(input)));
say(undefined);
