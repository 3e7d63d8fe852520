import { ManagerError } from "../errors/errors.ts";
import type { AbortSource } from "./abort-source.ts";

/** The wait of one caller. */
export interface CallerOptions {
  readonly signal?: AbortSource | undefined;
  /** Has the signal abort after so long, if it would not before. Absent: a signal of its own is made for that. */
  readonly limit?: ((timeoutMs: number) => void) | undefined;
}

/**
 * The signal of a call that must end after `timeoutMs`, by `deadline`, or with its caller's wait. Dispose it when the
 * call ends.
 */
export function deadlineSignal(
  { signal: parent, limit }: CallerOptions,
  timeoutMs: number | undefined,
): Disposable & { readonly signal: AbortSource | undefined } {
  if (timeoutMs !== undefined) limit?.(timeoutMs);
  if (timeoutMs === undefined || limit !== undefined) {
    return { signal: parent, [Symbol.dispose]() {} };
  }
  const controller = new AbortController();
  const onParent = () => controller.abort(parent?.reason);
  const timer = setTimeout(() => controller.abort(deadlinePassed(timeoutMs)), timeoutMs);
  if (parent?.aborted) onParent();
  parent?.addEventListener("abort", onParent, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent?.removeEventListener("abort", onParent);
    },
  };
}

/** The reason of a call whose deadline passed. Code that ends by it and knows how far the call came replaces `sent`. */
export function deadlinePassed(timeoutMs: number): ManagerError {
  return new ManagerError("deadline", `the call did not end within its deadline of ${timeoutMs} ms`, {
    details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
  });
}
