import { abortable } from "../../base/async/abortable.ts";
import { within } from "../../base/async/within.ts";
import { abortedError } from "../../base/errors/aborted-error.ts";
import type { RuntimeCallOptions } from "../runtime.ts";
import type { ProcessRun } from "./process-run.ts";

/** Servers that end at EOF do so within 0.2 s; one that has not after this waits for a signal. */
const maxEofMs = 1_000;

/**
 * EOF on stdin, waits, SIGTERM, waits, SIGKILL: all within the grace; zero kills at once. Returns when it has exited.
 */
export async function stopRun(
  run: ProcessRun,
  options: RuntimeCallOptions & { readonly graceMs: number },
): Promise<void> {
  const { graceMs, signal } = options;
  const exitsWithin = (ms: number) => unlessAborted(within(ms, run.exited), signal);
  if (graceMs > 0) {
    const eofMs = Math.min(graceMs / 2, maxEofMs);
    run.endInput();
    if (await exitsWithin(eofMs)) return;
    run.signal("SIGTERM");
    if (await exitsWithin(graceMs - eofMs)) return;
  }
  run.signal("SIGKILL");
  await unlessAborted(run.exited, signal);
}

/** The process is not touched when the caller leaves. */
async function unlessAborted<T>(wait: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await abortable(wait, signal);
  } catch (error) {
    throw abortedError(error, "a server to exit");
  }
}
