import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { CallContext } from "../../operations/call-context.ts";

const callKey = createContextKey<CallContext | undefined>(undefined, { description: "the call" });

/** The key under which a request carries its call to interceptors and handlers. */
export function withCall(values: ContextValues, call: CallContext): ContextValues {
  return values.set(callKey, call);
}

/** The call of a request. Every door opens one: the two fast paths, the RPC library, and calls within the process. */
export function callOf({ values }: { readonly values: ContextValues }): CallContext {
  const call = values.get(callKey);
  if (call === undefined) throw new Error("the request came by no door that opens calls");
  return call;
}
