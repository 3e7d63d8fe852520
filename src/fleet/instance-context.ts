import type { LaunchContext } from "./launch-context.ts";

/** What an instance needs from its server. */
export type InstanceContext = Omit<LaunchContext, "enter" | "onPull" | "onInstance" | "onRestart"> & {
  /** Wall clock in milliseconds: for what is shown. */
  readonly now: () => number;
  /** Milliseconds since any moment: for what is measured. Steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
  /** Told of every change of state and of health. */
  readonly onChange: () => void;
  /** Told when it is down because the engine does not answer. */
  readonly onEngineSilent: () => void;
  /** Told of each step of a pull. */
  readonly onPull: (progress: string) => void;
};
