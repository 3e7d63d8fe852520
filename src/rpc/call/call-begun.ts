import { type ContextValues, createContextKey } from "@connectrpc/connect";

const begunKey = createContextKey(false, { description: "the handler has been called" });

/** From here on the call may have reached its server. */
export function markBegun(values: ContextValues): void {
  values.set(begunKey, true);
}

export function hasBegun(values: ContextValues): boolean {
  return values.get(begunKey);
}
