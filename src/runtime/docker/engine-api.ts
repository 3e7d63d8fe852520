import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { readRefusal } from "./http-refusal.ts";

type QueryValue = string | number | boolean | object;

export interface ApiRequest {
  /** Objects go as JSON. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Goes as JSON. */
  readonly body?: object;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Ends the request, and its answer where that is still under way. */
  readonly signal?: AbortSignal;
}

/** The engine's HTTP API. An answer that is no success is thrown as an error with its `statusCode`. */
export class EngineApi {
  readonly #options: http.RequestOptions | https.RequestOptions;
  readonly #secure: boolean;

  constructor(options: {
    readonly requestOptions: http.RequestOptions | https.RequestOptions;
    readonly secure: boolean;
  }) {
    this.#options = options.requestOptions;
    this.#secure = options.secure;
  }

  async get<T>(path: string, request: ApiRequest = {}): Promise<T> {
    return JSON.parse(await this.#send(path, { ...request, method: "GET" }));
  }

  /** For an answer that has a body. */
  async create<T>(path: string, request: ApiRequest = {}): Promise<T> {
    return JSON.parse(await this.#send(path, { ...request, method: "POST" }));
  }

  async post(path: string, request: ApiRequest = {}): Promise<void> {
    await this.#send(path, { ...request, method: "POST" });
  }

  async delete(path: string, request: ApiRequest = {}): Promise<void> {
    await this.#send(path, { ...request, method: "DELETE" });
  }

  async ping(request: ApiRequest = {}): Promise<void> {
    await this.#send("/_ping", { ...request, method: "GET" });
  }

  /** Resolves when the answer begins: its body, to be read as it comes. */
  async open(path: string, request: ApiRequest & { readonly method: string }): Promise<IncomingMessage> {
    const { method, query = {}, body, headers, signal } = request;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = (this.#secure ? https : http).request({
      ...this.#options,
      method,
      path: path + queryText(query),
      headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.on("error", reject);
    outgoing.on("response", resolve);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    const response = await promise;
    // Node's own option cuts a request short, but leaves who reads its answer waiting.
    if (signal !== undefined) addAbortSignal(signal, response);
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw await readRefusal(response);
    return response;
  }

  async #send(path: string, request: ApiRequest & { readonly method: string }): Promise<string> {
    return text(await this.open(path, request));
  }
}

function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    params.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return params.size === 0 ? "" : `?${params}`;
}
