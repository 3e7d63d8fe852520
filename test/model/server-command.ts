import type fc from "fast-check";
import { expect } from "vitest";
import type { FleetModel, ModelServer, Next, Outcome, ServerName } from "./fleet-model.ts";
import type { RealFleet } from "./real-fleet.ts";
import { settle } from "./settle.ts";

export interface Step {
  /** As shrinking prints it. */
  readonly title: string;
  /** Whether there is something to do it to. */
  readonly applies: (server: ModelServer) => boolean;
  /** Does it, and says what it was answered. */
  readonly act: (context: { readonly real: RealFleet; readonly server: ModelServer }) => Promise<Outcome>;
  readonly predict: (server: ModelServer) => { readonly outcome: Outcome; readonly next: Next };
}

type AsyncCommand = fc.AsyncCommand<FleetModel, RealFleet>;

/** Something that a user or somebody at the engine does to one server. */
export class ServerCommand implements AsyncCommand {
  readonly #name: ServerName;
  readonly #step: Step;

  constructor(name: ServerName, step: Step) {
    this.#name = name;
    this.#step = step;
  }

  check(model: Readonly<FleetModel>): boolean {
    return this.#step.applies(serverOf(model, this.#name));
  }

  async run(model: FleetModel, real: RealFleet): Promise<void> {
    const name = this.#name;
    const server = serverOf(model, name);
    const before = { server, shown: await real.get(name) };
    const { outcome, next } = this.#step.predict(server);
    expect(await this.#step.act({ real, server }), `${this}, when it is ${JSON.stringify(server)}`).toEqual(outcome);
    await settle({ model, real }, { name, next, before });
  }

  toString(): string {
    return `${this.#step.title} ${this.#name}`;
  }
}

export function serverOf({ servers }: Readonly<FleetModel>, name: ServerName): ModelServer {
  return servers.get(name) ?? { kind: "absent" };
}
