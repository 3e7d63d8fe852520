import { expect } from "vitest";
import { InstanceState, type Server, ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import { inspect } from "../chaos/inspection.ts";
import { type FleetModel, type Made, type ModelServer, type Next, type ServerName, unchanged } from "./fleet-model.ts";
import { type SpecName, specNameOf } from "./model-specs.ts";
import { type RealFleet, settleMs } from "./real-fleet.ts";

/** How a server was before a command. */
export interface Before {
  readonly server: ModelServer;
  readonly shown: Server | undefined;
}

/** Waits until the server is what the model says, then checks the whole fleet and the engine, and notes it in the model. */
export async function settle(
  { model, real }: { model: FleetModel; real: RealFleet },
  { name, next, before }: { name: ServerName; next: Next; before: Before },
): Promise<void> {
  await become({ model, real }, { name, nexts: [next], before });
  await checkAll(model, real);
}

/** Waits until the server is one of what the model says, and notes which. */
export async function become(
  { model, real }: { model: FleetModel; real: RealFleet },
  { name, nexts, before }: { name: ServerName; nexts: readonly Next[]; before: Before },
): Promise<void> {
  const met = (state: State) => nexts.find((next) => isExpected(state, { before: before.server, next }));
  await expect
    .poll(async () => stateOf(before, await real.get(name)), {
      timeout: settleMs,
      message: `${name}, which was ${JSON.stringify(before.server)}, becomes ${nexts.map((next) => JSON.stringify(next)).join(" or ")}`,
    })
    .toSatisfy((state: State) => met(state) !== undefined);
  const state = stateOf(before, await real.get(name));
  model.servers.set(name, noted(before.server, { next: met(state) ?? unchanged, state }));
}

/** Of two copies one may be another, and one not. */
type Sameness = "same" | "new" | "mixed";

interface State {
  readonly kind: "absent" | "up" | "idle" | "failed" | "other";
  readonly paused: boolean;
  readonly container: string | undefined;
  readonly made: Made | undefined;
  /** As against before. */
  readonly containers: Sameness;
  readonly processes: Sameness;
  readonly error: string;
}

const kinds = new Map<ServerState, State["kind"]>([
  [ServerState.READY, "up"],
  [ServerState.IDLE, "idle"],
  [ServerState.FAILED, "failed"],
]);

function stateOf({ shown }: Before, server: Server | undefined): State {
  const [instance] = server?.instances ?? [];
  const ids = idsOf(server);
  const { reason = "", exitCode } = server?.lastError ?? {};
  // Idle, and its container is still to exit.
  const isOnItsWay = server?.state === ServerState.IDLE && instance?.state !== InstanceState.EXITED;
  return {
    kind: server === undefined ? "absent" : isOnItsWay ? "other" : (kinds.get(server.state) ?? "other"),
    paused: instance?.state === InstanceState.PAUSED,
    made: server && { spec: specNameOf(server.spec?.args ?? []) as SpecName, origin: server.origin },
    container: ids.length === 0 ? undefined : ids.join(),
    containers: compared(ids, idsOf(shown)),
    processes: compared(startsOf(server), startsOf(shown)),
    error: exitCode === undefined ? reason : `${reason} ${exitCode}`,
  };
}

const idsOf = (server: Server | undefined) => server?.instances.map(({ containerId }) => containerId) ?? [];
const startsOf = (server: Server | undefined) =>
  server?.instances.map(({ startTime }) => JSON.stringify(startTime, bigints)) ?? [];

/** Whether of several copies each is the same, or none is. */
function compared(now: readonly string[], before: readonly string[]): Sameness {
  if (now.join() === before.join()) return "same";
  return now.some((one) => before.includes(one)) ? "mixed" : "new";
}

const bigints = (_key: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

function isExpected(state: State, { before, next }: { before: ModelServer; next: Next }): boolean {
  if (state.kind !== "absent" && !isSameMade(state.made, madeAfter(before, next))) return false;
  const idles = state.made?.spec === "idle";
  switch (next.kind) {
    case "unchanged":
      if (before.kind === "up" && idles) return state.kind === "up" || state.kind === "idle";
      return state.kind === before.kind && state.paused === paused(before) && state.containers === "same";
    case "paused":
      return state.kind === "up" && state.paused && state.containers === "same";
    case "absent":
      return state.kind === "absent";
    case "up": {
      const isUp = (state.kind === "up" && !state.paused) || (idles && state.kind === "idle");
      const isProcess = state.processes === next.process || (idles && next.process === "same");
      return isUp && state.containers === next.container && isProcess;
    }
    case "idle":
      return state.kind === "idle";
    case "failed":
      if (idles && state.kind === "idle") return true;
      return state.kind === "failed" && isError(state.error, next);
    default:
      return next satisfies never;
  }
}

/** What a server is made by then. */
function madeAfter(before: ModelServer, next: Next): Made | undefined {
  if (next.kind === "absent") return undefined;
  if (next.kind === "up" && next.made !== undefined) return next.made;
  return before.kind === "absent" ? undefined : before;
}

function isSameMade(one: Made | undefined, other: Made | undefined): boolean {
  return one?.spec === other?.spec && one?.origin === other?.origin;
}

/** Also of one that failed because it is. */
function paused(server: ModelServer): boolean {
  return server.kind === "up" ? server.paused : server.kind === "failed" && server.why === "paused";
}

function isError(error: string, { why, exitCode }: { why: string; exitCode: number }): boolean {
  if (why === "paused") return error === "CONTAINER_PAUSED";
  return error === `SERVER_EXITED ${exitCode}` || (why === "removed" && error === "CONTAINER_REMOVED");
}

/** What is there is what the model goes on with, where it leaves a choice. */
function noted(before: ModelServer, { next, state }: { next: Next; state: State }): ModelServer {
  if (next.kind === "unchanged") return before;
  const made = madeAfter(before, next);
  if (next.kind === "absent" || made === undefined) return { kind: "absent" };
  const { spec, origin } = made;
  const isRemoved =
    (next.kind === "idle" && next.container === "none") || (next.kind === "failed" && next.why === "removed");
  const container = isRemoved ? undefined : state.container;
  if (next.kind === "idle" || (state.kind === "idle" && next.kind === "failed")) {
    return { kind: "idle", spec, origin, container };
  }
  if (next.kind === "failed") {
    const { why, exitCode } = next;
    return { kind: "failed", spec, origin, why, exitCode, container };
  }
  return { kind: "up", spec, origin, container: state.container ?? "", paused: next.kind === "paused" };
}

/**
 * The manager shows the model's servers, each as what it is made by, and the engine has their containers, by their plain
 * names, and no others.
 */
export async function checkAll({ servers }: FleetModel, real: RealFleet): Promise<void> {
  const present = [...servers].flatMap(([name, server]) => (server.kind === "absent" ? [] : [{ name, ...server }]));
  const expected = present.flatMap(({ name, container }) =>
    (container?.split(",") ?? []).map((id, at) => ({ name: at === 0 ? name : `${name}.${at + 1}`, id })),
  );
  const byName = <T extends { name: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const shown = (await real.client.list({})).servers;
  expect(shown.map(({ name, spec, origin }) => ({ name, spec: specNameOf(spec?.args ?? []), origin }))).toEqual(
    byName(present).map(({ name, spec, origin }) => ({ name, spec, origin })),
  );
  await expect
    .poll(async () => byName((await inspect(real.engine)).containers.map(({ name, id }) => ({ name, id }))), {
      timeout: settleMs,
    })
    .toEqual(byName(expected));
}
