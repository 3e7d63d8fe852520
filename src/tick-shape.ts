import { executionAsyncResource } from "node:async_hooks";

/**
 * Keeps one of the objects that Node makes for each `process.nextTick`. V8 knows how to make them fast for as long as one of
 * them lives: after a garbage collection that found none, each took Node 24 three times as long for the rest of the
 * process's life, and a request makes half a dozen.
 */
export function keepTickShape(): void {
  process.nextTick(() => {
    const tick = executionAsyncResource();
    // What listens to the process lives as long as it does.
    process.once("exit", () => tick);
  });
}
