import type { Cause } from "./cause.ts";

/** Causes that need an engine. */
export const engineCauses: readonly Cause[] = [];
