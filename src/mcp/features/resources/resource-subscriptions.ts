import { ManagerError } from "../../../base/errors/errors.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import type { Requests } from "../../conversation/requests.ts";
import type { Subscriptions } from "../../conversation/subscriptions.ts";
import { resourceRefusal } from "./resource-refusal.ts";

/** What somebody who subscribed to a resource is told. */
export interface ResourceListener {
  /** The resource, or one below it, changed. */
  updated(uri: string): void;
  /** The server tells of it no more. */
  ended(error: ManagerError): void;
}

export interface SubscribeOptions {
  readonly listener: ResourceListener;
  /** Ends the subscription, and before the server has taken it, the wait. Its reason must be a ManagerError. */
  readonly signal: AbortSignal;
}

/** A longer URI is not passed on: those who subscribed know which one they subscribed to. */
const maxUriChars = 8192;

/** Nobody waits for the reply; a server that gives none must not have requests pile up. */
const unsubscribeMs = 30_000;

/** The subscriptions of one session to resources of its server; none of them outlives the session. */
export class ResourceSubscriptions {
  readonly #requests: Requests;
  readonly #subscriptions: Subscriptions;
  /** Those of the legacy era, whose notifications say only which resource changed. */
  readonly #legacy = new Set<{ readonly uri: string; readonly listener: ResourceListener }>();

  constructor(requests: Requests, subscriptions: Subscriptions) {
    this.#requests = requests;
    this.#subscriptions = subscriptions;
  }

  /**
   * Resolves when the server has taken the subscription. Throws what `Requests.reply` throws, the server's refusal,
   * `unsupported` when a server of the modern era does not take it, and the signal's reason.
   */
  subscribe(uri: string, options: SubscribeOptions): Promise<void> {
    return this.#requests.codec.era === "legacy" ? this.#ask(uri, options) : this.#listen(uri, options);
  }

  /** The server said something; `params` is JSON text. */
  notified(method: string, params: string): void {
    if (method !== "notifications/resources/updated" || this.#legacy.size === 0) return;
    const updated = JsonFields.of(params)?.string("uri");
    if (updated === undefined) return;
    for (const { uri, listener } of this.#legacy) {
      if (isUriWithin(updated, uri)) listener.updated(shownUri(updated, uri));
    }
  }

  async #ask(uri: string, { listener, signal }: SubscribeOptions): Promise<void> {
    const members = `"uri":${JSON.stringify(uri)}`;
    const subscription = { uri, listener };
    const leave = () => {
      this.#legacy.delete(subscription);
      // Also when it was not taken yet: the request may be with the server by now.
      const signal = AbortSignal.timeout(unsubscribeMs);
      this.#requests.result("resources/unsubscribe", { members }, { signal }).catch(() => {});
    };
    // What it tells while its reply is under way is told, too.
    this.#legacy.add(subscription);
    signal.addEventListener("abort", leave, { once: true });
    try {
      const method = "resources/subscribe";
      const reply = await this.#requests.reply(method, this.#requests.codec.params({ members }), { signal });
      if ("error" in reply) throw resourceRefusal(reply.error, { method, uri });
    } catch (error) {
      this.#legacy.delete(subscription);
      signal.removeEventListener("abort", leave);
      throw error;
    }
  }

  async #listen(uri: string, { listener, signal }: SubscribeOptions): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isTaken = false;
    // Not by AbortSignal.any: Node keeps such a signal, and the session behind its listeners, until it aborts, which it
    // does not when the session ends.
    const left = new AbortController();
    const leave = (reason: unknown) => {
      left.abort(reason);
      reject(reason);
    };
    signal.addEventListener("abort", () => leave(signal.reason), { once: true });
    this.#subscriptions.open(`{"resourceSubscriptions":[${JSON.stringify(uri)}]}`, {
      signal: left.signal,
      refusal: (error, method) => resourceRefusal(error, { method, uri }),
      listener: {
        acknowledged(taken) {
          isTaken = /^\[\s*"/.test(taken?.raw("resourceSubscriptions") ?? "");
          if (isTaken) resolve();
          else leave(notTaken());
        },
        resourceUpdated: (updated) => listener.updated(shownUri(updated, uri)),
        ended(error = subscriptionEnded()) {
          if (isTaken) listener.ended(error);
          else reject(error);
        },
      },
    });
    await promise;
  }
}

/** The specification lets servers tell of a resource below the one that was subscribed to (server/resources). */
function isUriWithin(updated: string, subscribed: string): boolean {
  return updated === subscribed || updated.startsWith(subscribed.endsWith("/") ? subscribed : `${subscribed}/`);
}

function shownUri(updated: string, subscribed: string): string {
  return updated.length <= maxUriChars && updated.isWellFormed() ? updated : subscribed;
}

function notTaken(): ManagerError {
  const message = "the server does not report changes of its resources: it does not declare `resources.subscribe`";
  return new ManagerError("unsupported", message, {
    details: { reason: "CAPABILITY_NOT_DECLARED", delivery: "answered" },
  });
}

function subscriptionEnded(): ManagerError {
  return new ManagerError("unavailable", "the server ended the subscription; subscribe again", {
    details: { reason: "SUBSCRIPTION_ENDED", delivery: "answered" },
  });
}
