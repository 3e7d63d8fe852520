import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "../stage.ts";
import { commands, startAll } from "./faults/commands.ts";
import { engineFaults, socketGone } from "./faults/engine-faults.ts";
import type { Fault } from "./faults/fault.ts";
import { managerFaults } from "./faults/manager-faults.ts";
import { sins } from "./faults/sins.ts";
import { Random } from "./random.ts";

/** So many faults, on average, come before everything that is down is started again. */
const faultsARecovery = 12;

/** How often each fault was injected, and what stood in the way of one. */
export interface Injected {
  readonly counts: Map<string, number>;
  readonly problems: string[];
}

const always = [
  { weight: 5, faults: engineFaults },
  { weight: 6, faults: sins },
  { weight: 2, faults: commands },
];
/** One after the other: a manager does not start without an engine. */
const oneByOne = { weight: 1, faults: [...managerFaults, socketGone] };
const oneByOneLater = { weight: 1, faults: [socketGone] };

/** Which faults are injected: by one injector only, those that two must not do at once. */
export type Faults = "all" | "all but the manager's" | "those that may meet";

/** Injects random faults, one after the other, until the soak is over. */
export async function injectFaults(
  stage: Stage,
  { seed, injected, which }: { seed: number; injected: Injected; which: () => Faults },
): Promise<void> {
  const { over, gate } = stage;
  const random = new Random(seed);
  for (let turn = 1; !over.aborted; turn += 1) {
    {
      using _inside = await gate.enter();
      const { faults } = random.weighted(groupsOf(which()));
      await inject(stage, { fault: random.weighted(faults), random, id: `f${seed}.${turn}`, injected });
      if (random.next() < 1 / faultsARecovery) await startAll(stage, `r${seed}.${turn}`);
    }
    await delay(random.between(100, 1_500));
  }
}

function groupsOf(which: Faults) {
  if (which === "those that may meet") return always;
  return [...always, which === "all" ? oneByOne : oneByOneLater];
}

async function inject(
  stage: Stage,
  { fault, random, id, injected }: { fault: Fault; random: Random; id: string; injected: Injected },
): Promise<void> {
  const { counts, problems } = injected;
  counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
  try {
    await fault.run(stage, { random, id });
  } catch (error) {
    problems.push(`${fault.kind} could not be done: ${error}`);
  }
}
