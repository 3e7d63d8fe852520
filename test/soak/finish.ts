import { setTimeout as delay } from "node:timers/promises";
import { command, startAll } from "./actors/faults/commands.ts";
import type { Injected } from "./actors/injector.ts";
import { accounting, type Check, deliveries, equal, none } from "./checks.ts";
import { grpcClient } from "./clients/clients.ts";
import type { Deliveries } from "./measure/deliveries.ts";
import type { Gauge, Memory } from "./measure/gauge.ts";
import { type ProcessState, stateOf } from "./measure/process-state.ts";
import { heapTrend, type Sample, takeSample } from "./measure/sampler.ts";
import type { SeenVolumes } from "./measure/volumes.ts";
import { inMib } from "./report.ts";
import type { SoakServer } from "./servers.ts";
import type { Stage } from "./stage.ts";

/** A server that hangs is found out by its health checks within this. */
const requestTimeoutMs = 30_000;
/** Longer than the manager and `fetch` keep an idle HTTP/1.1 connection, 75 s. */
const settleMs = 90_000;
/** A leak of a few bytes a call shows in ten minutes as more than this; what varies between samples is less. */
const heapGrowthBytes = 4 * 1024 * 1024;
/** Compiled code, caches of engine connections, and what a heap keeps free. */
const heapLeftBytes = 12 * 1024 * 1024;

export interface FinishOptions {
  /** The first manager before it had any server. */
  readonly base: ProcessState;
  readonly empty: Memory;
  readonly gauge: Gauge;
  readonly deliveries: Deliveries;
  readonly volumes: SeenVolumes;
  readonly samples: readonly Sample[];
  readonly injected: Injected;
}

/** Brings the fleet up once more, stops it, ends the manager, and says what holds. */
export async function finalChecks(stage: Stage, options: FinishOptions): Promise<Check[]> {
  const { ledger, lives } = stage;
  const { injected, base } = options;
  const down = await startAll(stage, "last");
  const silent = await silentServers(stage);
  const stops = await Promise.all(stage.servers.map(({ name }) => stop(stage, name)));
  const end = await settled(stage, base);
  const open = await stillOpen(stage);
  const emptied = await takeSample(stage, options.gauge);
  const containers = await containersOf(stage);
  await lives.end("SIGTERM");
  return [
    ...accounting(ledger),
    ...deliveries(ledger, await options.deliveries.counts()),
    none("faults that could not be injected", injected.problems),
    none("servers that could not be started after all that", down),
    none("servers that do not answer then", silent),
    none("servers that could not be stopped", stops.flat()),
    none("containers left", containers),
    ...(await volumeChecks(stage, options)),
    none("requests to the engine open at the end, but for events", open),
    equal("manager's descriptors", { base: base.descriptors, end: end.descriptors }),
    equal("ports that it listens on", { base: base.ports, end: end.ports }),
    equal("its child processes", { base: base.children, end: end.children }),
    none("managers that ended by themselves", lives.died),
    none("exit codes but 0 of managers told to end", lives.exitCodes.filter((code) => code !== 0).map(String)),
    none("warnings of Node.js", lives.said.match(/^.*Warning:.*$/gm) ?? []),
    ...heapChecks(options, emptied),
  ];
}

/** Requests that stay open. One that the owner's look at the fleet has just sent is over a moment later. */
async function stillOpen({ proxy }: Stage): Promise<string[]> {
  const untilMs = performance.now() + requestTimeoutMs;
  for (;;) {
    const open = proxy.open.filter((path) => !path.startsWith("/events"));
    if (open.length === 0 || performance.now() > untilMs) return open;
    await delay(10);
  }
}

async function volumeChecks(stage: Stage, { volumes }: FinishOptions): Promise<Check[]> {
  const left = await volumes.left(stage.docker);
  return [
    none(
      "volumes left, but named ones",
      left.filter((name) => name !== `${stage.fleet}-data`),
    ),
    none("marks of an owner left", await ownersOf(stage)),
  ];
}

function heapChecks({ samples, empty }: FinishOptions, emptied: Memory): Check[] {
  const trend = heapTrend(samples);
  const left = emptied.heapBytes - empty.heapBytes;
  const flat: Check[] =
    trend === undefined
      ? [{ title: "heap is flat", holds: true, found: "too few samples of the last manager to tell: soak longer" }]
      : [
          {
            title: "heap is flat",
            holds: trend.lastBytes - trend.firstBytes <= heapGrowthBytes,
            found: `${inMib(trend.firstBytes)}, then ${inMib(trend.lastBytes)}, in ${trend.minutes.toFixed(1)} min`,
          },
        ];
  return [
    ...flat,
    {
      title: "heap without servers, before and after",
      holds: left <= heapLeftBytes,
      found: `${inMib(empty.heapBytes)}, ${inMib(emptied.heapBytes)}`,
    },
  ];
}

/**
 * Each gets so long to answer once. One that still hangs after an earlier sin is killed by its health checks, and some
 * must not restart by themselves: they are started again.
 */
async function silentServers(stage: Stage): Promise<string[]> {
  using line = grpcClient(stage.lives.port);
  const untilMs = performance.now() + requestTimeoutMs;
  const silence = async ({ name, spec }: SoakServer) => {
    for (let turn = 1; performance.now() < untilMs; turn += 1) {
      try {
        await line.listTools(name, { signal: AbortSignal.timeout(requestTimeoutMs) });
        return [];
      } catch {
        await delay(200);
        const id = `last.again.${name}.${turn}`;
        await command(stage, { id, kind: "Start", ask: (client) => client.start({ name, spec }) });
      }
    }
    return [name];
  };
  return (await Promise.all(stage.servers.map(silence))).flat();
}

/** The server's name when it could not be stopped. */
async function stop(stage: Stage, name: string): Promise<string[]> {
  const gracePeriod = { seconds: 2n, nanos: 0 };
  const id = `last.stop.${name}`;
  return (await command(stage, { id, kind: "Stop", ask: (client) => client.stop({ name, gracePeriod }) }))
    ? []
    : [name];
}

/** What the manager holds once connections that nobody uses any more are closed. */
async function settled({ lives }: Stage, base: ProcessState): Promise<ProcessState> {
  const untilMs = performance.now() + settleMs;
  for (;;) {
    const state = stateOf(lives.current.pid);
    if (JSON.stringify(state) === JSON.stringify(base) || performance.now() > untilMs) return state;
    await delay(200);
  }
}

async function containersOf({ docker, fleet }: Stage): Promise<string[]> {
  const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${fleet}`];
  const containers = await docker.listContainers({ all: true, filters: { label } });
  return containers.map(({ Names, State }) => `${Names[0]} (${State})`);
}

async function ownersOf({ docker, fleet }: Stage): Promise<string[]> {
  const filters = JSON.stringify({ label: [`mcpm.fleet=${fleet}`] });
  const { Volumes } = await docker.listVolumes({ filters });
  return (Volumes ?? []).map(({ Name }) => Name).filter((name) => name.startsWith("mcpm-owner."));
}
