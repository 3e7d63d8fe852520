import { abortable } from "../base/async/abortable.ts";
import { deadlineSignal } from "../base/async/deadline-signal.ts";
import { Notifier } from "../base/async/notifier.ts";
import { abortReason } from "../jsonrpc/connection-error.ts";
import type { Fleet } from "./fleet.ts";
import type { CallOptions } from "./fleet-options.ts";
import type { ResourceSubscription } from "./resources/resource-feeds.ts";

export type ResourceReading =
  | { readonly kind: "subscribed"; readonly instance: string }
  | { readonly kind: "updated"; readonly uri: string; readonly instance: string }
  | { readonly kind: "heartbeat" };

export interface WatchResourceOptions extends CallOptions {
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  /** The longest that the server may take for the subscription, whatever deadline there is. */
  readonly maxTakeMs: number;
}

/** A server that answers sooner than this can still refuse with an error that is the whole reply. */
const firstMs = 500;

type FollowedFleet = Pick<Fleet, "follow" | "call">;

/**
 * Subscribes to a resource of a server, then tells of its changes until the signal aborts. The first reading comes
 * within half a second, a heartbeat if the server takes longer. A slow reader holds nothing: it is given the latest
 * when it comes back. Throws what `Fleet.call` and `Resources.subscribe` throw, and why the server tells no more.
 */
export async function* watchResource(
  fleet: FollowedFleet,
  what: { readonly server: string; readonly uri: string },
  options: WatchResourceOptions,
): AsyncGenerator<ResourceReading> {
  const { signal, heartbeatMs } = options;
  using subscription = fleet.follow(what.server, what.uri);
  const taken = take(fleet, { ...options, server: what.server, subscription });
  const settled = new Notifier();
  const since = settled.count;
  const settle = () => settled.notify();
  taken.then(settle, settle);
  for (let timeoutMs = firstMs; !(await settled.wait({ since, timeoutMs, signal })); timeoutMs = heartbeatMs) {
    if (signal.aborted) break;
    yield { kind: "heartbeat" };
  }
  yield { kind: "subscribed", instance: await taken };
  const { subscriber } = subscription;
  while (!signal.aborted) {
    const since = subscriber.changes.count;
    const update = subscriber.takeUpdate();
    if (update !== undefined) {
      yield { kind: "updated", ...update };
      continue;
    }
    if (subscriber.end !== undefined) throw subscriber.end;
    const isIdle = !(await subscriber.changes.wait({ since, timeoutMs: heartbeatMs, signal }));
    if (isIdle && !signal.aborted) yield { kind: "heartbeat" };
  }
}

/** The instance at which the subscription was taken. Until then it is a call like any other. */
async function take(
  fleet: FollowedFleet,
  options: WatchResourceOptions & { readonly server: string; readonly subscription: ResourceSubscription },
): Promise<string> {
  const { server, subscription, maxTakeMs } = options;
  using deadline = deadlineSignal({ signal: options.signal }, maxTakeMs);
  return await fleet.call(server, {
    ...options,
    signal: deadline.signal,
    limit: undefined,
    work: async (permit, signal) => {
      try {
        await abortable(subscription.take(permit), signal);
      } catch (error) {
        // Others may wait for the same reply: the request goes on.
        throw signal?.aborted ? abortReason(signal, "sent") : error;
      }
      return permit.instance;
    },
  });
}
