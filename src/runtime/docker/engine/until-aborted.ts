import { abortable } from "../../../base/async/abortable.ts";

/**
 * The work's outcome, or the signal's reason when that comes first. The work itself goes on unless it listens to the
 * signal too: docker-modem does so for a request, but not for every phase of an answer.
 */
export async function untilAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work();
  if (signal.aborted) throw abortError(signal);
  try {
    return await abortable(work(), signal);
  } catch (error) {
    throw signal.aborted && error === signal.reason ? abortError(signal) : error;
  }
}

/** A reason of any type as an error that can be told from a failure of the work: the reason is its cause. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  const name = reason instanceof Error && reason.name === "TimeoutError" ? "TimeoutError" : "AbortError";
  return new DOMException("the wait was aborted", { name, cause: reason });
}
