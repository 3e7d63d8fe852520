import type { Caller } from "../../src/fleet/calls/caller.ts";

/** Somebody who calls. */
export const aCaller: Caller = { lane: {}, scope: "somebody" };
