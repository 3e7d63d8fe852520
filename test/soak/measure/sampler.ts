import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "../stage.ts";
import type { Gauge, Memory } from "./gauge.ts";
import { stateOf, total } from "./process-state.ts";

/** The manager at a moment when no call and no fault was under way. */
export interface Sample extends Memory {
  readonly atMs: number;
  /** Which manager: how many there were before. */
  readonly life: number;
  readonly descriptors: number;
}

/** Holds everything up now and then and measures, until the soak is over. */
export async function takeSamples(
  stage: Stage,
  { gauge, everyMs, onSample }: { gauge: Gauge; everyMs: number; onSample: (sample: Sample) => void },
): Promise<void> {
  const { over, gate } = stage;
  while (!over.aborted) {
    await delay(everyMs, undefined, { signal: over }).catch(() => {});
    await gate.close();
    try {
      onSample(await takeSample(stage, gauge));
    } finally {
      gate.open();
    }
  }
}

export async function takeSample({ lives }: Stage, gauge: Gauge): Promise<Sample> {
  const { current, ended } = lives;
  const memory = await gauge.read(current);
  return { ...memory, atMs: performance.now(), life: ended, descriptors: total(stateOf(current.pid)) };
}

/** How a heap went on: the middle values of the first and the last third of its samples. */
export interface Trend {
  readonly samples: number;
  readonly firstBytes: number;
  readonly lastBytes: number;
  readonly minutes: number;
}

/** Of the last manager, after it warmed up. Undefined: too few samples to tell. */
export function heapTrend(samples: readonly Sample[]): Trend | undefined {
  const life = samples.at(-1)?.life;
  const ofLast = samples.filter((sample) => sample.life === life).slice(1);
  if (ofLast.length < 6) return undefined;
  const third = Math.floor(ofLast.length / 3);
  return {
    samples: ofLast.length,
    firstBytes: middle(ofLast.slice(0, third)),
    lastBytes: middle(ofLast.slice(-third)),
    minutes: ((ofLast.at(-1)?.atMs ?? 0) - (ofLast[0]?.atMs ?? 0)) / 60_000,
  };
}

function middle(samples: readonly Sample[]): number {
  const sorted = samples.map(({ heapBytes }) => heapBytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
