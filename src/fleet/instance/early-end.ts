import type { ManagerError } from "../../base/errors/errors.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { diedOf } from "../run/died-of.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";
import { idleGraceMs } from "./stop-clock.ts";

/** A server that exits so soon after the question for its era, which it did not answer, may have done so for it. */
const diesOfProbeMs = 60_000;

/** HUP, INT, QUIT, USR1, USR2, TERM: signals that images choose to be stopped by, and that no crash sends. */
const stopSignals = [1, 2, 3, 10, 12, 15];

/**
 * The exit codes of a process that got a stop signal from a manager that is gone: its own 0, or the signal's.
 * Undefined: the code is not known.
 */
const toldToExitCodes: ReadonlySet<number | undefined> = new Set([
  0,
  ...stopSignals.map((number) => 128 + number),
  undefined,
]);

/** Tells of an instance that ended whether that came so soon after something that this is why. */
export class EarlyEnd {
  readonly #context: InstanceContext;
  #adoptedAtMs = Number.NEGATIVE_INFINITY;
  #readyAtMs = Number.NEGATIVE_INFINITY;

  constructor(context: InstanceContext) {
    this.#context = context;
  }

  /** It is taken over at boot. */
  adopted(): void {
    this.#adoptedAtMs = this.#elapsedMs();
  }

  /** This manager starts it: how it ends then has nothing to do with the manager before. */
  started(): void {
    this.#adoptedAtMs = Number.NEGATIVE_INFINITY;
  }

  ready(): void {
    this.#readyAtMs = this.#elapsedMs();
  }

  /** A manager that was killed while it stopped an idle server leaves one that ends when the next has taken it over. */
  isIdleStop({ details }: ManagerError): boolean {
    const { spec } = this.#context;
    const { reason, exitCode } = details;
    if (spec.idleTimeoutMs === undefined || reason !== "SERVER_EXITED" || !toldToExitCodes.has(exitCode)) return false;
    return this.#elapsedMs() - this.#adoptedAtMs <= idleGraceMs;
  }

  /**
   * It exited: one that answered the handshake, and died soon after a question that it never answered, is not asked
   * again.
   */
  async learn(run: Run, { imageId }: InstanceRecord): Promise<void> {
    const { spec, services } = this.#context;
    const soon = this.#elapsedMs() - this.#readyAtMs <= diesOfProbeMs;
    if (!soon || !diedOf("probe", run)) return;
    const known = await services.programs.of({ imageId, spec });
    if (!known.hint?.answersProbe) known.diedOfProbe();
  }

  #elapsedMs(): number {
    return this.#context.services.clocks.elapsedMs();
  }
}
