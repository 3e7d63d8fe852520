import { randomUUID } from "node:crypto";
import { abortable } from "../base/async/abortable.ts";
import { FarDeadlines } from "../base/async/call-wait.ts";
import { within } from "../base/async/within.ts";
import type { ManagerError } from "../base/errors/errors.ts";
import type { Log } from "../base/log/log.ts";
import type { SecretSource } from "../base/spec/declaration.ts";
import { checkBindRoots } from "../config/bind-roots.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/settings/setting.ts";
import { Fleet, type FleetCache } from "../fleet/fleet.ts";
import { ArgumentCheck } from "../fleet/tools/argument-check/argument-check.ts";
import { CheckThread } from "../fleet/tools/argument-check/check-thread.ts";
import { IdempotentCalls } from "../fleet/tools/idempotency/idempotent-calls.ts";
import { ToolCalls } from "../fleet/tools/tool-calls.ts";
import { frontDoor } from "../http/handler.ts";
import { probeHandler } from "../http/probes.ts";
import { malformedText, refuseRpc } from "../http/refuse.ts";
import { allowAll } from "../operations/authorize.ts";
import { callOpener } from "../operations/call-context.ts";
import { openApiHandler } from "../rest/openapi.ts";
import { restHandler } from "../rest/rest-handler.ts";
import type { ManagerInfo } from "../rpc/methods/service-options.ts";
import { localCalls, type RouterOptions, rpcRoutes } from "../rpc/router.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DeclaredSecrets } from "../secrets/declared-secrets.ts";
import type { ConnectionsOptions } from "../server/connections/connections.ts";
import { Listener, type ListenOptions } from "../server/listener.ts";
import { TransferBudget } from "../server/responses/transfer-budget.ts";
import { openFilesLimit } from "./open-files.ts";
import { runtimes } from "./runtimes.ts";
import { openSecrets, ownPlaces } from "./secrets.ts";
import { openCache, openState } from "./state.ts";
import { version } from "./version.ts";

const heartbeatMs = 15_000;
/** How long servers that are taken over may keep the manager from being called ready. */
const maxAdoptionMs = 10_000;
/** Connections of all addresses, where one may not have more by itself. */
const maxConnections = 10_000;
const elapsedMs = () => performance.now();

/** A running manager. Disposing it shuts it down; containers stay, processes end. */
export interface App extends AsyncDisposable {
  readonly port: number;
  /** Resolves when every server that was found at the start is ready or has failed. */
  readonly adopted: Promise<void>;
  /** Resolves when another manager took the fleet over: every call has failed then, and this manager is of no use. */
  readonly lost: Promise<ManagerError>;
}

export interface AppOptions {
  readonly log: Log;
  /** The manager's own environment, which may hold values of secrets. Default: empty. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The secrets that are declared at the start. Default: none. */
  readonly secrets?: ReadonlyMap<string, SecretSource>;
  /**
   * False: the RPC library answers what the fast path would, for tests that hold one against the other. Default: true.
   */
  readonly fastPath?: boolean;
}

/**
 * Builds and starts everything. Throws when a bind root is missing, the engine does not answer, another manager has the
 * fleet or the port is taken; nothing stays open then.
 */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { log, fastPath = true } = options;
  const { bindRoots } = config.admission;
  await checkBindRoots({ bindRoots, inContainer: config.runtime.inContainer }, log);
  const state = await openState(config.state, log);
  const secrets = await openSecrets(state, { config, ...options });
  await using opened = new AsyncDisposableStack();
  const runtime = opened.use(createRuntime(config, { log, secrets }));
  await runtime.version({});
  // Asked first, so that the log names what the engine does not enforce before anything runs.
  await runtime.unenforced({});
  const { promise: taken, resolve: onLost } = Promise.withResolvers<ManagerError>();
  // Before anything looks at a container; released when nothing does any more.
  opened.use(await runtime.own({ onLost }));
  const cache = opened.use(await openCache(state, { dir: config.state, log }));
  const fleet = createFleet(config, { runtime, log, cache, secrets });
  // Ends after the calls that use it.
  const argumentCheck = new ArgumentCheck(opened.use(new CheckThread()));
  const toolCalls = new ToolCalls({ fleet, idempotentCalls: new IdempotentCalls({ elapsedMs }), argumentCheck });
  const drainMs = config.fleet.shutdownGraceMs;
  opened.defer(() => fleet.close({ drainMs }));
  const lost = taken.then(async (error) => {
    // The calls must end, even though the engine can't be asked now.
    await fleet.close({ drainMs: 0 }).catch(() => {});
    return error;
  });
  const { adopted } = await fleet.open();
  const shutdown = new AbortController();
  const listener = await listen({
    host: config.listen.host,
    port: config.listen.port,
    ...createHandlers(config, {
      fleet,
      toolCalls,
      runtime,
      log,
      adopted,
      shutdown: shutdown.signal,
      fastPath,
    }),
    malformed: malformedText,
    connections: connectionsOf(config.listen),
  });
  // Listener and fleet drain at the same time: the listener waits for calls that the fleet lets finish or fails.
  opened.defer(async () => {
    shutdown.abort();
    await Promise.all([listener.close({ graceMs: drainMs + 1000 }), fleet.close({ drainMs })]);
  });
  const resources = opened.move();
  return { port: listener.port, adopted, lost, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function createRuntime(
  config: Config,
  { log, secrets }: { readonly log: Log; readonly secrets: DeclaredSecrets },
): Runtime {
  const places = () => ownPlaces(config, secrets);
  return runtimes[config.runtime.kind](config, { log, now: Date.now, newId: randomUUID, ownPlaces: places });
}

function createFleet(
  config: Config,
  parts: Pick<Parts, "runtime" | "log"> & { readonly cache: FleetCache | undefined; readonly secrets: DeclaredSecrets },
): Fleet {
  return new Fleet({
    ...parts,
    admission: config.admission,
    clientInfo: { name: "mcp-docker-manager", version },
    clocks: { now: Date.now, elapsedMs },
    newId: randomUUID,
    limits: sameBothWays(config.limits.maxLineBytes),
    logRingBytes: config.limits.logRingBytes,
    defaultCallTimeoutMs: config.calls.timeoutMs,
    reapGraceMs: config.fleet.reapGraceMs,
  });
}

/**
 * As much may wait for a server as a line of it may be long: one setting says what a server may take of the manager's
 * memory in each direction. The contract says so, too (`CallLimits.max_queued`).
 */
function sameBothWays(maxLineBytes: number) {
  return { maxLineBytes, maxQueuedChars: maxLineBytes };
}

/** The other half of what may be open is for servers, the engine and files. */
function connectionsOf({ maxConnectionsPerAddress }: Config["listen"]): ConnectionsOptions {
  const room = Math.floor((openFilesLimit() ?? 2 * maxConnections) / 2);
  const max = Math.min(room, Math.max(maxConnections, maxConnectionsPerAddress));
  return { maxPerAddress: maxConnectionsPerAddress, max };
}

/** A port that is taken is a setting's fault, and named. */
async function listen(options: ListenOptions): Promise<Listener> {
  try {
    return await Listener.open(options);
  } catch (error) {
    const { host, port } = options;
    throw new ConfigError(`can't listen on MCPM_HOST=${host} MCPM_PORT=${port}: ${(error as Error).message}`);
  }
}

interface Parts {
  readonly fleet: Fleet;
  readonly toolCalls: ToolCalls;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly adopted: Promise<void>;
  readonly shutdown: AbortSignal;
  readonly fastPath: boolean;
}

/** Everything on the one port: RPC, then the REST routes, their document, then the probes, behind the guard. */
function createHandlers(config: Config, parts: Parts): Pick<ListenOptions, "handler" | "streams"> {
  const { runtime, adopted, log } = parts;
  // One for all protocols: what waits is in the same memory.
  const budget = new TransferBudget({ maxBytes: config.limits.maxUnreadBytes, log, elapsedMs });
  const router: RouterOptions = {
    ...parts,
    budget,
    openCall: callOpener(new FarDeadlines()),
    authorize: allowAll,
    now: Date.now,
    elapsedMs,
    heartbeatMs,
    info: infoOf(config),
  };
  // Every server is known by now, and calls wait for it; one that does not come up must not hold up the others.
  const settled = within(maxAdoptionMs, adopted);
  const ready = async (signal: AbortSignal) => {
    await abortable(settled, signal);
    await runtime.version({ signal });
  };
  const rpc = rpcRoutes(router, { refuse: refuseRpc });
  const rest = restHandler({ calls: localCalls(router), maxRequestBytes: config.limits.maxRequestBytes, budget });
  const mounts = [rpc.mount, rest, openApiHandler({ budget }), probeHandler({ ready })];
  return frontDoor({ mounts, streams: rpc.streams }, config.listen);
}

function infoOf({ fleet, admission, limits, calls }: Config): ManagerInfo {
  const { maxCpus, maxMemoryBytes, maxPids } = admission;
  const { maxRequestBytes, maxLineBytes, logRingBytes } = limits;
  const timeouts = { defaultCallTimeoutMs: calls.timeoutMs, maxCallTimeoutMs: calls.maxTimeoutMs };
  return {
    version,
    fleet: fleet.name,
    maxCpus,
    maxMemoryBytes,
    maxPids,
    maxRequestBytes,
    maxLineBytes,
    logRingBytes,
    ...timeouts,
  };
}
