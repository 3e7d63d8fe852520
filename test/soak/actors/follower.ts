import { setTimeout as delay } from "node:timers/promises";
import { failureOfConnect } from "../clients/call-failure.ts";
import { grpcClient } from "../clients/clients.ts";
import type { Stage } from "../stage.ts";
import { failed } from "./caller.ts";
import { Random } from "./random.ts";

/** Follows the fleet's changes or a server's log, again and again; leaves at a random moment; may read slowly. */
export async function runFollower(
  stage: Stage,
  { name, seed, rpc, eventMs }: { name: string; seed: number; rpc: "watch" | "logs"; eventMs: number },
): Promise<void> {
  const random = new Random(seed);
  using line = grpcClient(stage.lives.port);
  for (let turn = 1; !stage.over.aborted; turn += 1) {
    const leave = AbortSignal.any([stage.over, AbortSignal.timeout(random.between(200, 15_000))]);
    const entry = stage.ledger.begin({ id: `${name}.${turn}`, kind: rpc, client: line.kind, tapped: false });
    const server = random.pick(stage.servers).name;
    try {
      const events =
        rpc === "watch"
          ? line.client.watch({}, { signal: leave })
          : line.client.logs({ server, follow: true }, { signal: leave });
      for await (const _event of events) if (eventMs > 0) await delay(eventMs);
      stage.ledger.end(entry, { kind: "result" });
    } catch (error) {
      const failure = failureOfConnect(error);
      stage.ledger.end(entry, failed(stage, { failure, given: leave.aborted, startMs: entry.startMs }));
      // Not again at once while there is no manager.
      if (!leave.aborted) await delay(200);
    }
  }
}
