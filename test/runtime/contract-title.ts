import type { RuntimeCapabilities } from "../../src/runtime/capabilities.ts";

/** A difference is told in the name of its test, so that a report shows it. */
export function capabilityTitle(
  { capabilities }: { readonly capabilities: RuntimeCapabilities },
  capability: keyof RuntimeCapabilities,
  outcomes: { readonly can: string; readonly cannot: string },
): string {
  return capabilities[capability]
    ? `${capability}: ${outcomes.can}`
    : `declared difference: no ${capability}: ${outcomes.cannot}`;
}
