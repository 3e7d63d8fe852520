import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { TestFleet } from "../runtime/docker/test-fleet.ts";
import type { Choices } from "./choices.ts";

const maxEvents = 60;
const maxAfterEventMs = 30;

/**
 * Resolves at a random instant, at the latest after `limitMs`: half the time at any, half the time just after something
 * happened in the engine, for that is where one step ends and the next begins. Opens what it needs at once.
 */
export async function killInstant(
  engine: TestFleet,
  options: { choices: Choices; limitMs: number },
): Promise<() => Promise<void>> {
  const { choices, limitMs } = options;
  if (choices.below(2) === 0) {
    const atMs = choices.below(limitMs);
    return () => delay(atMs);
  }
  const count = 1 + choices.below(maxEvents);
  const afterMs = choices.below(maxAfterEventMs);
  const filters = JSON.stringify({ type: ["container"], label: [`mcpm.fleet=${engine.fleet}`] });
  const events = (await engine.docker.getEvents({ filters })) as Readable;
  return async () => {
    const limit = AbortSignal.timeout(limitMs);
    await nthLine(events, { count, signal: limit });
    events.destroy();
    if (!limit.aborted) await delay(afterMs);
  };
}

/** Resolves at the n-th line, or when the signal aborts. */
async function nthLine(from: Readable, { count, signal }: { count: number; signal: AbortSignal }): Promise<void> {
  const lines = createInterface({ input: from });
  let left = count;
  lines.on("line", () => {
    left -= 1;
    if (left === 0) lines.close();
  });
  await once(lines, "close", { signal }).catch(() => {});
  lines.close();
}
