import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import Docker from "dockerode";
import { abortable } from "../../../base/async/abortable.ts";
import type { ManagerError } from "../../../base/errors/errors.ts";
import { sendDirectly } from "./direct-modem.ts";
import { type DockerAddress, type DockerTls, formatDockerAddress, parseDockerHost } from "./docker-address.ts";
import { engineError, engineRefusal } from "./engine-error.ts";

/** The options by which dockerode calls can be aborted. */
export interface Abort {
  readonly abortSignal?: AbortSignal;
}

export interface EngineOptions {
  readonly dockerHost?: string | undefined;
  readonly tls?: DockerTls | undefined;
  /** How long the engine may take for a response, unless a call has no limit. */
  readonly requestTimeoutMs?: number;
}

/** An engine that accepts a request and says nothing must not hold its callers for ever. */
const defaultRequestTimeoutMs = 60_000;
/** After so much silence the other end of a connection that stays open is asked whether it is there. */
export const keepAliveMs = 30_000;

/** One Docker engine: where it is, dockerode on it, and the one place where its errors become ours. */
export class Engine {
  readonly docker: Docker;
  readonly address: DockerAddress;
  /** Options of `http.request` that reach the engine, for the calls that dockerode can't make. */
  readonly requestOptions: http.RequestOptions | https.RequestOptions;
  readonly #agent: http.Agent;
  readonly #requestTimeoutMs: number;
  readonly #open = new Set<AbortController>();
  #forbidden: ManagerError | undefined;

  constructor(options: EngineOptions) {
    this.#requestTimeoutMs = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
    this.address = parseDockerHost(options.dockerHost, options.tls !== undefined);
    const secure = this.address.kind === "remote" && this.address.tls;
    // No kept connections: one that the engine closed at the wrong moment would fail a call for nothing.
    this.#agent = secure ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
    this.requestOptions = {
      agent: this.#agent,
      ...(this.address.kind === "local"
        ? { socketPath: this.address.socketPath }
        : { host: this.address.host, port: this.address.port }),
      ...(options.tls === undefined ? {} : { ca: options.tls.ca, cert: options.tls.cert, key: options.tls.key }),
    };
    this.docker = new Docker(modemOptions(this.address, { agent: this.#agent, tls: options.tls }));
    sendDirectly(this.docker);
  }

  /** Runs one request; every failure is a ManagerError. `doing` completes "the Docker engine could not …". */
  async call<T>(
    doing: string,
    run: (docker: Docker, abort: Abort) => Promise<T>,
    options: { readonly signal?: AbortSignal | undefined; readonly unlimited?: boolean },
  ): Promise<T> {
    if (this.#forbidden !== undefined) throw this.#forbidden;
    const limit = new AbortController();
    this.#open.add(limit);
    const timer = options.unlimited
      ? undefined
      : setTimeout(() => limit.abort(this.#silent(doing)), this.#requestTimeoutMs);
    const signal = options.signal === undefined ? limit.signal : AbortSignal.any([options.signal, limit.signal]);
    try {
      return await untilAborted(() => run(this.docker, { abortSignal: signal }), signal);
    } catch (error) {
      throw this.#error(error, doing);
    } finally {
      clearTimeout(timer);
      this.#open.delete(limit);
    }
  }

  /**
   * Opens a stream of events, until the signal aborts. One whose engine is gone without a word ends within a minute.
   */
  async events(options: object, signal: AbortSignal): Promise<IncomingMessage> {
    // Untyped: @types/dockerode has `since` as a number, which can't hold nanoseconds.
    const open = (docker: Docker, abort: Abort) => docker.getEvents({ ...options, ...abort });
    const stream = (await this.call("send events", open, { signal, unlimited: true })) as IncomingMessage;
    stream.socket.setKeepAlive(true, keepAliveMs);
    return stream;
  }

  throwIfAborted(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw this.#error(abortError(signal), "go on");
  }

  /**
   * From now on every request ends with this error, those under way included: the engine's containers are another's.
   */
  forbid(why: ManagerError): void {
    this.#forbidden = why;
    for (const limit of this.#open) limit.abort(why);
  }

  close(): void {
    this.#agent.destroy();
  }

  #silent(doing: string): Error {
    const address = formatDockerAddress(this.address);
    const message = `the Docker engine at ${address} did not ${doing} within ${this.#requestTimeoutMs} ms: look at its log`;
    return engineRefusal("unavailable", message, { reason: "ENGINE_UNAVAILABLE" });
  }

  #error(error: unknown, doing: string): Error {
    return engineError(error, { doing, address: formatDockerAddress(this.address) });
  }
}

/**
 * docker-modem fills whatever is not given from `process.env`, so everything is given, if only as undefined: a
 * DOCKER_HOST in the environment would otherwise win over our socket.
 */
function modemOptions(
  address: DockerAddress,
  options: { readonly agent: http.Agent; readonly tls: DockerTls | undefined },
): Docker.DockerOptions {
  const { agent, tls } = options;
  const local = address.kind === "local";
  const given = {
    socketPath: local ? address.socketPath : undefined,
    host: local ? undefined : address.host.includes(":") ? `[${address.host}]` : address.host,
    port: local ? undefined : address.port,
    protocol: !local && address.tls ? "https" : "http",
    pathPrefix: "/",
    ca: tls?.ca,
    cert: tls?.cert,
    key: tls?.key,
    timeout: undefined,
    agent,
  };
  return given as unknown as Docker.DockerOptions;
}

/**
 * Gives the work's outcome, or throws the signal's reason when that comes first. The work goes on unless it listens to
 * the signal, too: docker-modem does so for a request, but not for every phase of a response.
 */
async function untilAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work();
  if (signal.aborted) throw abortError(signal);
  try {
    return await abortable(work(), signal);
  } catch (error) {
    throw signal.aborted && error === signal.reason ? abortError(signal) : error;
  }
}

/** A reason of any type as an error that can be told from a failure of the work: the reason is its cause. */
function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  const name = reason instanceof Error && reason.name === "TimeoutError" ? "TimeoutError" : "AbortError";
  return new DOMException("the wait was aborted", { name, cause: reason });
}
