import type { ManagerError } from "../../base/errors/errors.ts";
import { JsonFields } from "../../json/json-fields.ts";
import type { Connection } from "../../jsonrpc/connection.ts";
import type { RpcError } from "../../jsonrpc/message.ts";
import { idOf } from "../../jsonrpc/message-id.ts";
import { rpcFailure } from "../protocol/rpc-failure.ts";
import type { Conversation } from "./handshake.ts";
import { cancelRequest, type SignalOption } from "./requests.ts";

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
  readonly #conversation: Conversation;
  readonly #open = new Map<number, SubscriptionListener>();

  /** Those of an attachment that was lost are ended: a subscriber that wants to know more subscribes again. */
  constructor(connection: Connection, conversation: Conversation) {
    this.#connection = connection;
    this.#conversation = conversation;
    for (const id of conversation.subscribed) this.#cancel(id, "attachment_lost");
  }

  /**
   * Subscribes to what `filter` names, which is JSON, until the signal aborts: the server is told, the listener not.
   */
  open(filter: string, { signal, listener, refusal = rpcFailure }: OpenOptions): void {
    let key = -1;
    const { codec, subscribed } = this.#conversation;
    const params = (id: number) => {
      key = id;
      this.#open.set(key, listener);
      subscribed.add(key);
      return codec.params({ members: `"notifications":${filter}` });
    };
    const method = "subscriptions/listen";
    const onAbandoned = (id: number, { kind }: ManagerError) => this.#cancel(id, kind);
    const request = { signal, longLived: true, onAbandoned };
    const ended = (error?: ManagerError) => {
      if (error?.details.delivery !== "sent") subscribed.delete(key);
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
    if (method === cancelled) this.#endedByServer(idOf(fields.raw("requestId")));
    const subscription = this.#open.get(subscriptionId(fields) ?? -1);
    if (method === acknowledged) {
      subscription?.acknowledged(JsonFields.of(fields.raw("notifications") ?? ""));
    }
    const uri = method === resourceUpdated ? fields.string("uri") : undefined;
    if (uri !== undefined) subscription?.resourceUpdated?.(uri);
  }

  #endedByServer(id = -1): void {
    this.#conversation.subscribed.delete(id);
    this.#forget(id)?.ended();
  }

  /** A server that can't be told goes on telling, until there is another attachment to tell it by. */
  #cancel(id: number, reason: string): void {
    if (cancelRequest(this.#connection, { id, reason })) this.#conversation.subscribed.delete(id);
  }

  /** The subscription of this request, which has ended. */
  #forget(key: number): SubscriptionListener | undefined {
    const listener = this.#open.get(key);
    this.#open.delete(key);
    return listener;
  }
}

function subscriptionId(fields: JsonFields): number | undefined {
  return idOf(JsonFields.of(fields.raw("_meta") ?? "")?.raw("io.modelcontextprotocol/subscriptionId"));
}
