import type fc from "fast-check";
import { adopted, type FleetModel, serverNames } from "./fleet-model.ts";
import type { RealFleet } from "./real-fleet.ts";
import { serverOf } from "./server-command.ts";
import { settle } from "./settle.ts";

/** The manager ends, by a signal, and the next one is started. */
export class RebootCommand implements fc.AsyncCommand<FleetModel, RealFleet> {
  readonly #signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    this.#signal = signal;
  }

  check(): boolean {
    return true;
  }

  async run(model: FleetModel, real: RealFleet): Promise<void> {
    const before = new Map<string, Awaited<ReturnType<RealFleet["get"]>>>();
    for (const name of serverNames) before.set(name, await real.get(name));
    await real.reboot(this.#signal);
    const found = serverNames.map((name) => ({ name, server: serverOf(model, name) }));
    // Those that are gone first: each look at the engine is one at all of it.
    for (const { name, server } of found)
      if (adopted(server).kind === "absent") model.servers.set(name, { kind: "absent" });
    for (const { name, server } of found) {
      await settle({ model, real }, { name, next: adopted(server), before: { server, shown: before.get(name) } });
    }
  }

  toString(): string {
    return `manager ends by ${this.#signal}`;
  }
}
