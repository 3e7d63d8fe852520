import { setTimeout as delay } from "node:timers/promises";
import type { SubscribeResourceResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { failureOfConnect } from "../clients/call-failure.ts";
import { grpcClient } from "../clients/clients.ts";
import type { Ledger } from "../ledger.ts";
import type { Stage } from "../stage.ts";
import { failed } from "./caller.ts";
import { Random } from "./random.ts";

/** Subscribes to a resource, again and again; leaves at a random moment; may read slowly. */
export async function runSubscriber(
  stage: Stage,
  { name, seed, eventMs }: { name: string; seed: number; eventMs: number },
): Promise<void> {
  const { ledger, over } = stage;
  const random = new Random(seed);
  const resources = stage.servers.flatMap(({ name: server, resource: uri }) =>
    uri === undefined ? [] : { server, uri },
  );
  using line = grpcClient(stage.lives.port);
  for (let turn = 1; !over.aborted; turn += 1) {
    const leave = AbortSignal.any([over, AbortSignal.timeout(random.between(200, 15_000))]);
    const entry = ledger.begin({ id: `${name}.${turn}`, kind: "subscribe", client: line.kind, tapped: false });
    try {
      const events = line.client.subscribeResource(random.pick(resources), { signal: leave });
      const problem = await problemOf(events, { ledger, eventMs });
      ledger.end(entry, { kind: "wrong", problem: problem ?? "it ended without a word" });
    } catch (error) {
      const failure = failureOfConnect(error);
      ledger.end(entry, failed(stage, { failure, given: leave.aborted, startMs: entry.startMs }));
      // Not again at once while there is no manager.
      if (!leave.aborted) await delay(200);
    }
  }
}

/** What is wrong with the events: the server takes a subscription once, and tells nothing before. */
async function problemOf(
  events: AsyncIterable<SubscribeResourceResponse>,
  { ledger, eventMs }: { ledger: Ledger; eventMs: number },
): Promise<string | undefined> {
  let isTaken = false;
  for await (const { event } of events) {
    if (event.case === "subscribed" && isTaken) return "subscribed twice";
    if (event.case === "updated" && !isTaken) return "updated before it was subscribed to";
    if (event.case === "subscribed") isTaken = true;
    if (event.case === "updated") ledger.updates += 1;
    if (eventMs > 0) await delay(eventMs);
  }
  return undefined;
}
