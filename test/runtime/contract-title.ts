import type { RuntimeCapabilities } from "../../src/runtime/capabilities.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

/** A difference is told in the name of its test, so that a report shows it. */
export function capabilityTitle(
  { capabilities }: Runtime,
  capability: keyof RuntimeCapabilities,
  outcomes: { readonly can: string; readonly cannot: string },
): string {
  return capabilities[capability]
    ? `${capability}: ${outcomes.can}`
    : `declared difference: no ${capability}: ${outcomes.cannot}`;
}
