import type { EventEmitter } from "node:events";

/** Resolves when a response takes more, or when its caller has left. Leaves no listener behind. */
export function drained(response: EventEmitter, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    response.off("drain", done);
    signal.removeEventListener("abort", done);
    resolve();
  };
  response.on("drain", done);
  signal.addEventListener("abort", done);
  if (signal.aborted) done();
  return promise;
}
