import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { InstanceState, type Server, ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import { inspect } from "../chaos/inspection.ts";
import { ManagerProcess } from "../e2e/manager-process.ts";
import { errorInfo, type ManagerClient } from "../e2e/test-manager.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import {
  type FleetModel,
  type ModelServer,
  type Next,
  type Outcome,
  type ServerName,
  serverNames,
} from "./fleet-model.ts";

/** How long anything may take to settle: much longer than it does. */
const settleMs = 20_000;

/** The manager as a process, on the real engine. */
export class RealFleet implements AsyncDisposable {
  readonly engine = new TestFleet();
  #manager: ManagerProcess | undefined;

  static async open(): Promise<RealFleet> {
    const real = new RealFleet();
    await real.#boot();
    return real;
  }

  get client(): ManagerClient {
    if (this.#manager === undefined) throw new Error("no manager is running");
    return this.#manager.client;
  }

  /** Ends the manager and starts the next one; resolves when that has adopted what there is. */
  async reboot(signal: NodeJS.Signals): Promise<void> {
    await this.#manager?.kill(signal);
    await this.#boot();
  }

  async #boot(): Promise<void> {
    this.#manager = await ManagerProcess.start(this.engine.fleet);
    const ready = await fetch(`http://127.0.0.1:${this.#manager.port}/ready`, {
      signal: AbortSignal.timeout(settleMs),
    });
    expect(ready.status).toBe(200);
  }

  async get(name: ServerName): Promise<Server | undefined> {
    const { servers } = await this.client.list({});
    return servers.find((server) => server.name === name);
  }

  /** A call with a deadline that the manager alone watches: a client's own timer would be there first. */
  async outcomeWithin(timeoutMs: number, call: { readonly server: string; readonly tool: string }): Promise<Outcome> {
    const response = await fetch(`http://127.0.0.1:${this.#manager?.port}/mcpmanager.v1.ManagerService/CallTool`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": String(timeoutMs) },
      body: JSON.stringify(call),
    });
    if (response.ok) return "ok";
    const { code, details } = (await response.json()) as ConnectFailure;
    expect(code).toBe("deadline_exceeded");
    const { reason = "", metadata = {} } = details[0]?.debug ?? {};
    return {
      code: Code.DeadlineExceeded,
      reason,
      ...(metadata.delivery === undefined ? {} : { delivery: metadata.delivery }),
    };
  }

  /** Stops all servers. */
  async clear(): Promise<void> {
    for (const name of serverNames) await this.client.stop({ name, gracePeriod: { seconds: 0n, nanos: 0 } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager?.[Symbol.asyncDispose]();
    await this.engine[Symbol.asyncDispose]();
  }
}

interface ConnectFailure {
  readonly code: string;
  readonly details: readonly {
    readonly debug?: { readonly reason: string; readonly metadata: { delivery?: string } };
  }[];
}

/** What a request is answered with. */
export async function outcomeOf(request: Promise<unknown>): Promise<Outcome> {
  try {
    await request;
    return "ok";
  } catch (error) {
    const { code, reason = "", delivery } = errorInfo(ConnectError.from(error)) as Exclude<Outcome, "ok">;
    return { code, reason, ...(delivery === undefined ? {} : { delivery }) };
  }
}

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
  await expect
    .poll(async () => stateOf(before, await real.get(name)), {
      timeout: settleMs,
      message: `${name} becomes ${JSON.stringify(next)}`,
    })
    .toSatisfy((state: State) => isExpected(state, { before: before.server, next }));
  const state = stateOf(before, await real.get(name));
  model.servers.set(name, noted(before.server, { next, state }));
  await checkAll(model, real);
}

interface State {
  readonly kind: "absent" | "up" | "idle" | "failed" | "other";
  readonly paused: boolean;
  readonly container: string | undefined;
  readonly sameContainer: boolean;
  readonly sameProcess: boolean;
  readonly error: string;
}

const kinds = new Map<ServerState, State["kind"]>([
  [ServerState.READY, "up"],
  [ServerState.IDLE, "idle"],
  [ServerState.FAILED, "failed"],
]);

function stateOf({ shown }: Before, server: Server | undefined): State {
  const [instance] = server?.instances ?? [];
  const [old] = shown?.instances ?? [];
  const { reason = "", exitCode } = server?.lastError ?? {};
  // Idle, and its container is still to exit.
  const isOnItsWay = server?.state === ServerState.IDLE && instance?.state !== InstanceState.EXITED;
  return {
    kind: server === undefined ? "absent" : isOnItsWay ? "other" : (kinds.get(server.state) ?? "other"),
    paused: instance?.state === InstanceState.PAUSED,
    container: instance?.containerId,
    sameContainer: instance?.containerId === old?.containerId,
    sameProcess: JSON.stringify(instance?.startTime, bigints) === JSON.stringify(old?.startTime, bigints),
    error: exitCode === undefined ? reason : `${reason} ${exitCode}`,
  };
}

const bigints = (_key: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

function isExpected(state: State, { before, next }: { before: ModelServer; next: Next }): boolean {
  const idles = before.kind !== "absent" && before.spec === "idle";
  switch (next.kind) {
    case "unchanged":
      if (before.kind === "up" && idles) return state.kind === "up" || state.kind === "idle";
      return state.kind === before.kind && state.paused === paused(before) && state.sameContainer;
    case "paused":
      return state.kind === "up" && state.paused && state.sameContainer;
    case "absent":
      return state.kind === "absent";
    case "up": {
      const isUp = (state.kind === "up" && !state.paused) || (idles && state.kind === "idle");
      const isProcess = next.process === "new" ? !state.sameProcess : state.sameProcess;
      return (
        isUp && state.sameContainer === (next.container === "same") && (isProcess || (idles && next.process === "same"))
      );
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
  const spec =
    next.kind === "up" && next.spec !== undefined ? next.spec : before.kind === "absent" ? undefined : before.spec;
  if (next.kind === "absent" || spec === undefined) return { kind: "absent" };
  const isRemoved =
    (next.kind === "idle" && next.container === "none") || (next.kind === "failed" && next.why === "removed");
  const container = isRemoved ? undefined : state.container;
  if (next.kind === "idle" || (state.kind === "idle" && next.kind === "failed")) {
    return { kind: "idle", spec, container };
  }
  if (next.kind === "failed") {
    const { why, exitCode } = next;
    return { kind: "failed", spec, why, exitCode, container };
  }
  return { kind: "up", spec, container: state.container ?? "", paused: next.kind === "paused" };
}

/** The manager shows the model's servers, and the engine has their containers, by their plain names, and no others. */
async function checkAll({ servers }: FleetModel, real: RealFleet): Promise<void> {
  const present = [...servers].flatMap(([name, server]) => (server.kind === "absent" ? [] : [{ name, ...server }]));
  const expected = present.flatMap(({ name, container }) => (container === undefined ? [] : [{ name, id: container }]));
  const byName = <T extends { name: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect((await real.client.list({})).servers.map(({ name }) => name)).toEqual(byName(present).map(({ name }) => name));
  await expect
    .poll(async () => byName((await inspect(real.engine)).containers.map(({ name, id }) => ({ name, id }))), {
      timeout: settleMs,
    })
    .toEqual(byName(expected));
}
