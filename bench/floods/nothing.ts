import { setTimeout as delay } from "node:timers/promises";
import type { Attack } from "./attack.ts";
import { floodMs } from "./bounded.ts";

/** What another caller alone costs, and waits: what the machine's other work adds to every figure. */
export const nothing: Attack = {
  name: "nothing",
  single: false,
  async run(_port, signal) {
    await delay(floodMs, undefined, { signal }).catch(() => {});
    return { bytes: 0, count: 0, outcome: "" };
  },
};
