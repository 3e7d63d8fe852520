import { randomUUID } from "node:crypto";
import { type Config, ConfigError } from "./config.ts";
import { Fleet } from "./fleet/fleet.ts";
import { guarded, notFound } from "./http/handler.ts";
import type { Log } from "./log.ts";
import { Listener, type ListenOptions } from "./rpc/listener.ts";
import { rpcHandler } from "./rpc/router.ts";
import { createDockerRuntime } from "./runtime/docker/docker-runtime.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { version } from "./version.ts";

const heartbeatMs = 15_000;

/** A running manager. Disposing it shuts it down; containers stay. */
export interface App extends AsyncDisposable {
  readonly port: number;
  /** Resolves when every server that was found at the start is ready or has failed. */
  readonly adopted: Promise<void>;
}

/** Builds and starts everything. Throws when the engine does not answer or the port is taken; nothing stays open then. */
export async function startApp(config: Config, options: { readonly log: Log }): Promise<App> {
  const { log } = options;
  await using opened = new AsyncDisposableStack();
  const runtime = opened.use(createRuntime(config, log));
  await runtime.version({});
  const fleet = new Fleet({
    runtime,
    policy: config,
    clientInfo: { name: "mcp-docker-manager", version },
    log,
    now: Date.now,
    newId: randomUUID,
    maxLineBytes: config.maxLineBytes,
    maxQueuedChars: config.maxLineBytes,
    logRingBytes: config.logRingBytes,
    defaultCallTimeoutMs: config.callTimeoutMs,
  });
  const drainMs = config.shutdownGraceMs;
  opened.defer(() => fleet.close({ drainMs }));
  const { adopted } = await fleet.open();
  const shutdown = new AbortController();
  const listener = await listen({
    host: config.host,
    port: config.port,
    handler: guarded(rpcHandler(serviceOptions(config, { fleet, runtime, log, shutdown: shutdown.signal })), config),
  });
  // Listener and fleet drain at the same time: the listener waits for calls that the fleet lets finish or fails.
  opened.defer(async () => {
    shutdown.abort();
    await Promise.all([listener.close({ graceMs: drainMs + 1000 }), fleet.close({ drainMs })]);
  });
  const resources = opened.move();
  return { port: listener.port, adopted, [Symbol.asyncDispose]: () => resources.disposeAsync() };
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

function createRuntime(config: Config, log: Log): Runtime {
  const { dockerHost, dockerTls, dockerConfigDir, fleet, bindRoots } = config;
  return createDockerRuntime({ dockerHost, tls: dockerTls, dockerConfigDir, fleet, bindRoots, log });
}

function serviceOptions(
  config: Config,
  parts: { fleet: Fleet; runtime: Runtime; log: Log; shutdown: AbortSignal },
): Parameters<typeof rpcHandler>[0] {
  return {
    ...parts,
    now: Date.now,
    heartbeatMs,
    info: { ...config, version, defaultCallTimeoutMs: config.callTimeoutMs },
    fallback: notFound,
  };
}
