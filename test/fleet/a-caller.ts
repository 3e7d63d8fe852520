import type { Caller } from "../../src/fleet/caller.ts";

/** Somebody who calls. */
export const aCaller: Caller = { lane: "somebody", scope: "somebody" };
