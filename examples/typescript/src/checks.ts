import { calls } from "./calls.ts";
import type { Checks } from "./check.ts";
import { failures } from "./failures.ts";
import { starting, stopping } from "./fleet.ts";
import { offers } from "./offers.ts";
import { streams } from "./streams.ts";

/** In this order: starting comes first, and stopping last. */
export const checks: Checks = { ...starting, ...calls, ...offers, ...streams, ...failures, ...stopping };
