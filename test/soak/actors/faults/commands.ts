import { setTimeout as delay } from "node:timers/promises";
import { failureOfConnect } from "../../clients/call-failure.ts";
import { grpcClient } from "../../clients/clients.ts";
import type { Stage } from "../../stage.ts";
import { failed } from "../caller.ts";
import type { Fault } from "./fault.ts";

type Client = ReturnType<typeof grpcClient>["client"];

/** What users do to servers in use. */
export const commands: readonly Fault[] = [
  {
    kind: "Stop, then Start",
    weight: 2,
    run: async (stage, { random, id }) => {
      const { name, spec } = random.pick(stage.servers);
      const gracePeriod = { seconds: BigInt(random.pick([0, 0, 1, 3])), nanos: 0 };
      await command(stage, { id: `${id}.stop`, kind: "Stop", ask: (client) => client.stop({ name, gracePeriod }) });
      await delay(random.between(0, 500));
      await command(stage, { id: `${id}.start`, kind: "Start", ask: (client) => client.start({ name, spec }) });
    },
  },
  {
    kind: "Stop and Start at once",
    weight: 1,
    run: async (stage, { random, id }) => {
      const { name, spec } = random.pick(stage.servers);
      const gracePeriod = { seconds: 1n, nanos: 0 };
      await Promise.all([
        command(stage, { id: `${id}.stop`, kind: "Stop", ask: (client) => client.stop({ name, gracePeriod }) }),
        command(stage, { id: `${id}.start`, kind: "Start", ask: (client) => client.start({ name, spec }) }),
      ]);
    },
  },
  {
    kind: "Restart",
    weight: 2,
    run: async (stage, { random, id }) => {
      const { name } = random.pick(stage.servers);
      const gracePeriod = { seconds: BigInt(random.pick([0, 1, 3])), nanos: 0 };
      await command(stage, { id, kind: "Restart", ask: (client) => client.restart({ name, gracePeriod }) });
    },
  },
];

/** Brings up what is down for good: servers that gave up, must not restart, or were stopped. Gives those it could not. */
export async function startAll(stage: Stage, id: string): Promise<string[]> {
  const starts = stage.servers.map(async ({ name, spec }) => {
    const ask = (client: Client) => client.start({ name, spec });
    return (await command(stage, { id: `${id}.${name}`, kind: "Start", ask })) ? [] : [name];
  });
  return (await Promise.all(starts)).flat();
}

/** One command, accounted for as calls are. Whether it succeeded. */
export async function command(
  stage: Stage,
  { id, kind, ask }: { id: string; kind: string; ask: (client: Client) => Promise<unknown> },
): Promise<boolean> {
  const { ledger, lives } = stage;
  using line = grpcClient(lives.port);
  const entry = ledger.begin({ id, kind, client: line.kind, tapped: false });
  try {
    await ask(line.client);
    ledger.end(entry, { kind: "result" });
    return true;
  } catch (error) {
    const { startMs } = entry;
    ledger.end(entry, failed(stage, { failure: failureOfConnect(error), given: false, startMs }));
    return false;
  }
}
