import type { Message } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues } from "@connectrpc/connect";
import { z } from "zod";
import { FarDeadlines } from "../../src/base/async/call-wait.ts";
import { callOpener } from "../../src/operations/call-context.ts";
import type { Operation } from "../../src/operations/operation.ts";
import { withCall } from "../../src/rpc/call/call-key.ts";

export const openCall = callOpener(new FarDeadlines());

/** What ends in the manager, and is watched like everything. */
export const anOperation: Operation<Message> = {
  schema: z.looseObject({}),
  action: "view",
  targets: () => [{ kind: "fleet" }],
  filtered: false,
  reachesServer: false,
  capped: false,
  mayLag: false,
};

/** What a door gives a request to carry. */
export function valuesOfCall(): ContextValues {
  const call = openCall({ headers: new Headers(), connection: undefined, timeoutMs: undefined });
  return withCall(createContextValues(), call);
}
