import { Code } from "@connectrpc/connect";
import { expect } from "vitest";
import { ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import {
  brought,
  called,
  exited,
  type ModelServer,
  type Outcome,
  removed,
  restarted,
  resumed,
  type ServerName,
  started,
  unchanged,
} from "./fleet-model.ts";
import { modelSpec, type SpecName } from "./model-specs.ts";
import { outcomeOf, type RealFleet } from "./real-fleet.ts";
import type { Step } from "./server-command.ts";

const always = () => true;
const graceOf = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const deadlineMs = 300;

export function start(name: ServerName, spec: SpecName): Step {
  return {
    title: `Start (${spec})`,
    applies: always,
    act: ({ real }) => outcomeOf(real.client.start({ name, spec: modelSpec(spec, real.engine) })),
    predict: (server) => started(server, spec),
  };
}

export function startAgain(name: ServerName): Step {
  return {
    title: "Start without a spec",
    applies: always,
    act: ({ real }) => outcomeOf(real.client.start({ name })),
    predict: brought,
  };
}

export function stop(name: ServerName, graceMs: number): Step {
  return {
    title: `Stop (${graceMs} ms)`,
    applies: always,
    act: async ({ real, server }) => {
      const { found } = await real.client.stop({ name, gracePeriod: graceOf(graceMs) });
      expect(found).toBe(server.kind !== "absent");
      return "ok";
    },
    predict: () => ({ outcome: "ok", next: { kind: "absent" } }),
  };
}

export function restart(name: ServerName, graceMs: number): Step {
  return {
    title: `Restart (${graceMs} ms)`,
    applies: always,
    act: ({ real }) => outcomeOf(real.client.restart({ name, gracePeriod: graceOf(graceMs) })),
    predict: (server) => (server.kind === "up" ? { outcome: "ok", next: restarted } : brought(server)),
  };
}

export function call(name: ServerName): Step {
  return {
    title: "CallTool",
    applies: always,
    act: ({ real, server }) => echo(real, { name, paused: server.kind === "up" && server.paused }),
    predict: called,
  };
}

/** Its process exits with this code during a call. */
export function exit(name: ServerName, code: number): Step {
  return {
    title: `exit with ${code} of`,
    applies: (server) => server.kind === "idle" || (runs(server) && isOne(server)),
    act: ({ real }) =>
      outcomeOf(real.client.callTool({ server: name, tool: "exit", input: { case: "arguments", value: { code } } })),
    predict: (server) => ({
      outcome: { code: Code.Aborted, reason: "SERVER_EXITED", delivery: "sent" },
      next: server.kind === "absent" ? unchanged : afterExit(server, code),
    }),
  };
}

/** One that had no container any more is in a new one by then. */
function afterExit(server: Exclude<ModelServer, { kind: "absent" }>, code: number) {
  const next = exited(server.spec, code);
  return next.kind === "up" && server.container === undefined ? { ...next, container: "new" as const } : next;
}

export function idleWait(name: ServerName): Step {
  return {
    title: "wait for idleness of",
    applies: (server) => runs(server) && server.spec === "idle",
    act: async ({ real }) => {
      await expect.poll(async () => (await real.get(name))?.state).toBe(ServerState.IDLE);
      return "ok";
    },
    predict: () => ({ outcome: "ok", next: { kind: "idle", container: "same" } }),
  };
}

export function dockerKill(name: ServerName): Step {
  return {
    title: "docker kill",
    applies: (server) => isOne(server) && (server.kind === "up" || isPausedOne(server)),
    act: async (context) => {
      await awake(context.real, name, context.server);
      // 409: it went idle in between.
      await containerOf(context).kill().catch(ignore409);
      return "ok";
    },
    predict: (server) => ({ outcome: "ok", next: server.kind === "absent" ? unchanged : exited(server.spec, 137) }),
  };
}

export function dockerRemove(name: ServerName): Step {
  return {
    title: "docker rm -f",
    applies: (server) => isOne(server) && server.kind !== "absent" && server.container !== undefined,
    act: async (context) => {
      await awake(context.real, name, context.server);
      await containerOf(context).remove({ force: true });
      return "ok";
    },
    predict: (server) => ({ outcome: "ok", next: removed(server) }),
  };
}

export function dockerRestart(name: ServerName): Step {
  return {
    title: "docker restart",
    applies: (server) =>
      isOne(server) &&
      server.kind !== "absent" &&
      server.container !== undefined &&
      !(server.kind === "up" && server.paused) &&
      !isPausedOne(server),
    act: async (context) => {
      await awake(context.real, name, context.server);
      await containerOf(context).restart({ t: 0 });
      return "ok";
    },
    predict: () => ({ outcome: "ok", next: restarted }),
  };
}

/** Not of one that stops when nobody calls: the manager's stop would unpause it at any time. */
export function dockerPause(): Step {
  return {
    title: "docker pause",
    applies: (server) => runs(server) && isOne(server) && server.spec !== "idle",
    act: async (context) => {
      await containerOf(context).pause();
      return "ok";
    },
    predict: () => ({ outcome: "ok", next: { kind: "paused" } }),
  };
}

export function dockerUnpause(): Step {
  return {
    title: "docker unpause",
    applies: (server) => (server.kind === "up" && server.paused) || isPausedOne(server),
    act: async (context) => {
      await containerOf(context).unpause();
      return "ok";
    },
    predict: () => ({ outcome: "ok", next: resumed }),
  };
}

function runs(server: ModelServer): server is ModelServer & { kind: "up" } {
  return server.kind === "up" && !server.paused;
}

/** What happens to one of two copies at the engine is not in the model. */
function isOne(server: ModelServer): boolean {
  return server.kind !== "absent" && server.spec !== "copies";
}

function isPausedOne(server: ModelServer): boolean {
  return server.kind === "failed" && server.why === "paused";
}

async function echo(real: RealFleet, { name, paused }: { name: ServerName; paused: boolean }): Promise<Outcome> {
  if (paused) return real.outcomeWithin(deadlineMs, { server: name, tool: "echo" });
  return outcomeOf(
    real.client.callTool({ server: name, tool: "echo", input: { case: "arguments", value: { text: "hi" } } }),
  );
}

/** What stops when nobody calls may be idle by now: a call wakes it. */
async function awake(real: RealFleet, name: ServerName, server: ModelServer): Promise<void> {
  if (server.kind === "up" && server.spec === "idle") await echo(real, { name, paused: false });
}

function containerOf({ real, server }: { real: RealFleet; server: ModelServer }) {
  const id = server.kind === "absent" ? undefined : server.container;
  return real.engine.docker.getContainer(id ?? "");
}

function ignore409(error: { statusCode?: number }): void {
  if (error.statusCode !== 409) throw error;
}
