import type { Declaration } from "../../../src/base/spec/declaration.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import type { ApplyEvent } from "../../../src/fleet/desired/applies.ts";
import type { OpenFleet } from "../open-fleet.ts";

/** Applies one server of the set `team`, and resolves with all that is told of it. */
export function applyOnce(
  { fleet }: OpenFleet,
  name: string,
  declared: Partial<Declaration> & { readonly spec: ServerSpec },
): Promise<ApplyEvent[]> {
  const servers = new Map([[name, { start: "now", update: "rolling", ...declared } as const]]);
  const wanted = { set: "team", servers, prune: false, takeOver: true };
  return Array.fromAsync(fleet.apply(wanted, { dryRun: false, signal: new AbortController().signal }));
}
