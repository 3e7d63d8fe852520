import fc from "fast-check";
import { ApplyCommand, CutApplyCommand } from "./apply-command.ts";
import { type FleetModel, type ServerName, serverNames } from "./fleet-model.ts";
import { specNames, wishNames } from "./model-specs.ts";
import { RealFleet } from "./real-fleet.ts";
import { RebootCommand } from "./reboot-command.ts";
import { ServerCommand, type Step } from "./server-command.ts";
import * as steps from "./steps.ts";

export interface ModelRun {
  readonly seed: number;
  readonly numRuns: number;
  /** No new sequence is begun after so long; the search for the smallest failing one ends then, too. */
  readonly limitMs: number;
  readonly onSequence?: (commands: readonly string[]) => void;
}

const name = fc.constantFrom(...serverNames);
const graceMs = fc.constantFrom(0, 500);

function of(step: (name: ServerName) => Step) {
  return name.map((server) => new ServerCommand(server, step(server)));
}

function withOne<T>(value: fc.Arbitrary<T>, step: (name: ServerName, value: T) => Step) {
  return fc.tuple(name, value).map(([server, chosen]) => new ServerCommand(server, step(server, chosen)));
}

function often<T>(times: number, command: T): readonly T[] {
  return Array.from({ length: times }, () => command);
}

const wish = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...wishNames) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
const apply = fc.record({
  set: fc.constantFrom("team", "team", "team", "other"),
  wishes: fc.record({ a: wish, b: wish }),
  prune: fc.boolean(),
  takeOver: fc.boolean(),
});
const signal = fc.constantFrom<NodeJS.Signals>("SIGTERM", "SIGKILL", "SIGKILL");
const applying = fc
  .tuple(apply, fc.constantFrom(false, false, false, true))
  .map(([wanted, dryRun]) => new ApplyCommand(wanted, { dryRun }));
/** From before the plan until after the end, which is about a second later. */
const cutApply = fc
  .tuple(apply, fc.record({ signal, afterMs: fc.integer({ min: 0, max: 1500 }) }))
  .map(([wanted, end]) => new CutApplyCommand(wanted, end));

/** What rarely has something to be done to comes more often: where it has not, it is left out and costs nothing. */
const anyCommand = [
  ...often(4, withOne(fc.constantFrom(...specNames), steps.start)),
  of(steps.startAgain),
  withOne(graceMs, steps.stop),
  withOne(graceMs, steps.restart),
  ...often(2, of(steps.call)),
  ...often(2, withOne(fc.constantFrom(0, 3), steps.exit)),
  ...often(5, of(steps.idleWait)),
  of(steps.dockerKill),
  of(steps.dockerRemove),
  ...often(2, of(steps.dockerRestart)),
  ...often(3, of(steps.dockerPause)),
  ...often(5, of(steps.dockerUnpause)),
  ...often(4, applying),
  ...often(2, cutApply),
  fc.constantFrom<NodeJS.Signals>("SIGTERM", "SIGKILL").map((signal) => new RebootCommand(signal)),
];

/** Of which about a third has something to be done to. */
const maxCommands = 80;

/** Does random things to a fleet and compares it with the model after each. Throws with the smallest sequence that differs. */
export async function checkModel({ seed, numRuns, limitMs, onSequence }: ModelRun): Promise<void> {
  await using real = await RealFleet.open();
  const sequences = fc.commands(anyCommand, { maxCommands, size: "max" });
  const endMs = performance.now() + limitMs;
  const property = fc.asyncProperty(sequences, async (commands) => {
    // Not by fast-check's own limit, which would leave a sequence running while the fleet is taken down.
    if (performance.now() > endMs) return;
    await real.clear();
    const model: FleetModel = { servers: new Map() };
    try {
      await fc.asyncModelRun(() => ({ model, real }), commands);
    } finally {
      // Those that were run: what had nothing to be done to was left out.
      const told = String(commands).replace(/\/\*.*\*\//, "");
      onSequence?.(told.split(",").flatMap((text) => text.trim() || []));
    }
  });
  await fc.assert(property, { seed, numRuns, unbiased: true });
}
