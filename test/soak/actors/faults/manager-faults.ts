import type { Fault } from "./fault.ts";

/** The manager ends, and the next one takes the fleet over. */
export const managerFaults: readonly Fault[] = (["SIGKILL", "SIGTERM"] as const).map((signal) => ({
  kind: `manager: ${signal}, and the next one`,
  weight: 2,
  run: ({ lives }) => lives.replace(signal),
}));
