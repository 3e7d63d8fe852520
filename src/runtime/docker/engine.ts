import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { ManagerError } from "../../errors.ts";
import { type DockerAddress, type DockerTls, formatDockerAddress, parseDockerHost } from "./docker-address.ts";
import { type ApiRequest, EngineApi } from "./engine-api.ts";
import { engineError, refusal } from "./engine-error.ts";
import { abortError, untilAborted } from "./until-aborted.ts";

/** What a request takes to be cut short. */
export interface Abort {
  readonly signal: AbortSignal;
}

export interface EngineOptions {
  readonly dockerHost?: string | undefined;
  readonly tls?: DockerTls | undefined;
  /** How long the engine may take for an answer, unless a call has no limit. */
  readonly answerMs?: number;
}

/** An engine that accepts a request and says nothing must not hold its callers for ever. */
const defaultAnswerMs = 60_000;
/** After so much silence the other end of a connection that stays open is asked whether it is there. */
export const keepAliveMs = 30_000;

/** One Docker engine: where it is, its API, and the one place where its errors become ours. */
export class Engine {
  readonly address: DockerAddress;
  /** Options of `http.request` that reach the engine: for a connection that becomes another one. */
  readonly requestOptions: http.RequestOptions | https.RequestOptions;
  readonly #api: EngineApi;
  readonly #agent: http.Agent;
  readonly #answerMs: number;
  readonly #open = new Set<AbortController>();
  #forbidden: ManagerError | undefined;

  constructor(options: EngineOptions) {
    this.#answerMs = options.answerMs ?? defaultAnswerMs;
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
    this.#api = new EngineApi({ requestOptions: this.requestOptions, secure });
  }

  /** Runs one request; every failure is a ManagerError. `doing` completes "the Docker engine could not …". */
  async call<T>(
    doing: string,
    run: (api: EngineApi, abort: Abort) => Promise<T>,
    options: { readonly signal?: AbortSignal | undefined; readonly unlimited?: boolean },
  ): Promise<T> {
    if (this.#forbidden !== undefined) throw this.#forbidden;
    const limit = new AbortController();
    this.#open.add(limit);
    const timer = options.unlimited ? undefined : setTimeout(() => limit.abort(this.#silent(doing)), this.#answerMs);
    const signal = options.signal === undefined ? limit.signal : AbortSignal.any([options.signal, limit.signal]);
    try {
      return await untilAborted(() => run(this.#api, { signal }), signal);
    } catch (error) {
      throw this.#error(error, doing);
    } finally {
      clearTimeout(timer);
      this.#open.delete(limit);
    }
  }

  /** Opens a stream of events, until the signal aborts. One whose engine is gone without a word ends within a minute. */
  async events(query: NonNullable<ApiRequest["query"]>, signal: AbortSignal): Promise<IncomingMessage> {
    const open = (api: EngineApi, abort: Abort) => api.open("/events", { method: "GET", query, ...abort });
    const stream = await this.call("send events", open, { signal, unlimited: true });
    stream.socket.setKeepAlive(true, keepAliveMs);
    return stream;
  }

  throwIfAborted(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw this.#error(abortError(signal), "go on");
  }

  /** From now on every request ends with this error, those under way included: the engine's containers are another's. */
  forbid(why: ManagerError): void {
    this.#forbidden = why;
    for (const limit of this.#open) limit.abort(why);
  }

  close(): void {
    this.#agent.destroy();
  }

  #silent(doing: string): Error {
    const address = formatDockerAddress(this.address);
    const message = `the Docker engine at ${address} did not ${doing} within ${this.#answerMs} ms: is it well?`;
    return refusal("unavailable", message, { reason: "ENGINE_UNAVAILABLE" });
  }

  #error(error: unknown, doing: string): Error {
    return engineError(error, { doing, address: formatDockerAddress(this.address) });
  }
}
