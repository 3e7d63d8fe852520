import { setTimeout as delay } from "node:timers/promises";
import type fc from "fast-check";
import { expect } from "vitest";
import { type ApplyResponse, PlanAction, UpdateMode } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { interrupted, type ModelApply, type ModelStep, stepOf } from "./apply-model.ts";
import {
  type FleetModel,
  type ModelServer,
  type Next,
  type ServerName,
  serverNames,
  unchanged,
} from "./fleet-model.ts";
import { modelSpec } from "./model-specs.ts";
import type { RealFleet } from "./real-fleet.ts";
import { serverOf } from "./server-command.ts";
import { type Before, become, checkAll } from "./settle.ts";

type AsyncCommand = fc.AsyncCommand<FleetModel, RealFleet>;

/** What the model knows of one server that an apply may change. */
interface Affected {
  readonly name: ServerName;
  readonly step: ModelStep | undefined;
  readonly before: Before;
}

/** The servers become what is declared, or only the plan is made. */
export class ApplyCommand implements AsyncCommand {
  readonly #apply: ModelApply;
  readonly #dryRun: boolean;

  constructor(apply: ModelApply, { dryRun }: { dryRun: boolean }) {
    this.#apply = apply;
    this.#dryRun = dryRun;
  }

  check(): boolean {
    return true;
  }

  async run(model: FleetModel, real: RealFleet): Promise<void> {
    const affected = await lookAt({ model, real }, this.#apply);
    const events = await Array.fromAsync(real.client.apply({ ...requestOf(this.#apply, real), dryRun: this.#dryRun }));
    const planned = affected.flatMap(({ name, step }) => (step === undefined ? [] : [{ name, ...step }]));
    expect(
      toldBy(events),
      `${this}, when it is ${JSON.stringify(affected.map(({ before }) => before.server))}`,
    ).toEqual(expectedOf(planned, { dryRun: this.#dryRun }));
    for (const { name, step, before } of affected) {
      const next = this.#dryRun ? unchanged : (step?.next ?? unchanged);
      await become({ model, real }, { name, nexts: [next], before });
    }
    await checkAll(model, real);
  }

  toString(): string {
    return `${this.#dryRun ? "dry run of " : ""}${textOf(this.#apply)}`;
  }
}

/** The manager ends while it applies, and the next one is started: each server is wholly old or wholly new. */
export class CutApplyCommand implements AsyncCommand {
  readonly #apply: ModelApply;
  readonly #signal: NodeJS.Signals;
  readonly #afterMs: number;

  constructor(apply: ModelApply, { signal, afterMs }: { signal: NodeJS.Signals; afterMs: number }) {
    this.#apply = apply;
    this.#signal = signal;
    this.#afterMs = afterMs;
  }

  /** A server that never came up may be there, as after a Start: that is not in the model. */
  check(model: Readonly<FleetModel>): boolean {
    return serverNames.every((name) => this.#apply.wishes[name] !== "bad" || serverOf(model, name).kind !== "absent");
  }

  async run(model: FleetModel, real: RealFleet): Promise<void> {
    const affected = await lookAt({ model, real }, this.#apply);
    const applied = Array.fromAsync(real.client.apply(requestOf(this.#apply, real))).catch(() => {});
    await delay(this.#afterMs);
    await real.reboot(this.#signal);
    await applied;
    for (const { name, step, before } of affected) {
      await become({ model, real }, { name, nexts: outcomesOf(before.server, step), before });
    }
    await checkAll(model, real);
  }

  toString(): string {
    return `manager ends by ${this.#signal} ${this.#afterMs} ms after ${textOf(this.#apply)}`;
  }
}

function outcomesOf(server: ModelServer, step: ModelStep | undefined): readonly Next[] {
  return interrupted(
    server,
    step ?? { action: PlanAction.KEEP, update: UpdateMode.UNSPECIFIED, works: true, next: unchanged },
  );
}

async function lookAt({ model, real }: { model: FleetModel; real: RealFleet }, apply: ModelApply): Promise<Affected[]> {
  const affected: Affected[] = [];
  for (const name of serverNames) {
    const server = serverOf(model, name);
    const step = stepOf(server, { ...apply, wish: apply.wishes[name] });
    affected.push({ name, step, before: { server, shown: await real.get(name) } });
  }
  return affected;
}

function requestOf({ set, wishes, prune, takeOver }: ModelApply, { engine }: RealFleet) {
  const declared = serverNames.flatMap((name) => {
    const wish = wishes[name];
    return wish === undefined ? [] : [[name, { spec: modelSpec(wish, engine) }] as const];
  });
  return { set, servers: Object.fromEntries(declared), prune, takeOver };
}

/** What an apply told of: its plan, the changes in the order of names, and the counts. */
function toldBy(events: readonly ApplyResponse[]) {
  const kinds = events.map(({ event }) => event);
  return {
    plan: kinds.flatMap((event) =>
      event.case === "plan" ? event.value.steps.map(({ server, action, update }) => ({ server, action, update })) : [],
    ),
    changes: kinds
      .flatMap((event) => (event.case === "change" ? [event.value] : []))
      .map(({ server, action, error }) => ({ server, action, works: error === undefined }))
      .sort((a, b) => (a.server < b.server ? -1 : 1)),
    done: kinds.flatMap((event) => {
      if (event.case !== "done") return [];
      const { changed, kept, failed } = event.value;
      return [{ changed, kept, failed }];
    }),
  };
}

function expectedOf(planned: readonly (ModelStep & { name: ServerName })[], { dryRun }: { dryRun: boolean }) {
  const plan = planned.map(({ name, action, update }) => ({ server: name, action, update }));
  if (dryRun) return { plan, changes: [], done: [] };
  const isChange = ({ action }: ModelStep) => action !== PlanAction.KEEP && action !== PlanAction.REFUSE;
  const changes = planned.filter(isChange).map(({ name, action, works }) => ({ server: name, action, works }));
  const kept = planned.filter(({ action }) => action === PlanAction.KEEP).length;
  const failed = planned.filter(({ works }) => !works).length;
  return { plan, changes, done: [{ changed: changes.filter(({ works }) => works).length, kept, failed }] };
}

function textOf({ set, wishes, prune, takeOver }: ModelApply): string {
  const declared = serverNames.map((name) => `${name}: ${wishes[name] ?? "-"}`).join("; ");
  return `Apply (${set}; ${declared}${prune ? "; prune" : ""}${takeOver ? "; take_over" : ""})`;
}
