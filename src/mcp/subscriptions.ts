import type { ManagerError } from "../errors.ts";
import type { Connection } from "../jsonrpc/connection.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import { idOf, type RpcError } from "../jsonrpc/message.ts";
import type { EraCodec } from "./era-codec.ts";
import { cancelling, type SignalOption } from "./requests.ts";
import { rpcFailure } from "./rpc-failure.ts";

const acknowledged = "notifications/subscriptions/acknowledged";
const resourceUpdated = "notifications/resources/updated";
/** What a server of this era cancels is a subscription. */
const cancelled = "notifications/cancelled";
const concerned: ReadonlySet<string> = new Set([acknowledged, resourceUpdated, cancelled]);

/** What becomes of one subscription. */
export interface SubscriptionListener {
  /** The server said which of what was asked for it will tell of. */
  acknowledged(taken: JsonFields | undefined): void;
  /** A resource of the subscription changed; `uri` is what the server called it. */
  resourceUpdated?(uri: string): void;
  /** The server tells of nothing any more, or refused to with this error, or the session ended with it. */
  ended(error?: ManagerError): void;
}

export interface OpenOptions extends SignalOption {
  readonly listener: SubscriptionListener;
  /** What the server's refusal says. Default: what any says. */
  readonly refusal?: (error: RpcError, method: string) => ManagerError;
}

/**
 * The subscriptions of a conversation of the modern era: requests that stay open, told apart by their ids (MCP revision
 * 2026-07-28, basic/patterns/subscriptions).
 */
export class Subscriptions {
  readonly #connection: Connection;
  readonly #codec: EraCodec;
  readonly #open = new Map<number, SubscriptionListener>();

  constructor(connection: Connection, codec: EraCodec) {
    this.#connection = connection;
    this.#codec = codec;
  }

  /** Subscribes to what `filter` names, which is JSON, until the signal aborts: the server is told, the listener not. */
  open(filter: string, { signal, listener, refusal = rpcFailure }: OpenOptions): void {
    let key: number | undefined;
    const params = (id: number) => {
      key = id;
      this.#open.set(key, listener);
      return this.#codec.params({ members: `"notifications":${filter}` });
    };
    const method = "subscriptions/listen";
    const request = { ...cancelling(this.#connection, { signal }), standing: true };
    const ended = (error?: ManagerError) => {
      // What the server cancelled itself has ended before.
      if (this.#forget(key) !== undefined && !signal?.aborted) listener.ended(error);
    };
    this.#connection
      .request(method, params, request)
      .then((reply) => ended("error" in reply ? refusal(reply.error, method) : undefined), ended);
    signal?.addEventListener("abort", () => this.#forget(key), { once: true });
  }

  /** The server said something; `params` is JSON text. */
  notified(method: string, params: string): void {
    if (!concerned.has(method)) return;
    const fields = JsonFields.of(params);
    if (fields === undefined) return;
    if (method === cancelled) this.#forget(idOf(fields.raw("requestId")))?.ended();
    const subscription = this.#open.get(subscriptionId(fields) ?? -1);
    if (method === acknowledged) {
      subscription?.acknowledged(JsonFields.of(fields.raw("notifications") ?? ""));
    }
    const uri = method === resourceUpdated ? fields.string("uri") : undefined;
    if (uri !== undefined) subscription?.resourceUpdated?.(uri);
  }

  /** The subscription of this request, which is none any more. */
  #forget(key = -1): SubscriptionListener | undefined {
    const listener = this.#open.get(key);
    this.#open.delete(key);
    return listener;
  }
}

function subscriptionId(fields: JsonFields): number | undefined {
  return idOf(JsonFields.of(fields.raw("_meta") ?? "")?.raw("io.modelcontextprotocol/subscriptionId"));
}
