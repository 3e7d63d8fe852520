import { deadlinePassed } from "../../base/async/deadline-signal.ts";
import { ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { Session } from "../../mcp/session.ts";
import type { LiveSession } from "../state/live-session.ts";
import type { ResourceSubscriber } from "./resource-subscriber.ts";

/** A subscription at one session. */
interface Place extends LiveSession {
  readonly abort: AbortController;
  readonly taken: Promise<void>;
  isTaken: boolean;
}

/** A server that ends subscriptions may be about to exit: then they are made again, and nobody is told. */
const exitMs = 1000;

/** How long a session may take to subscribe again, before those who want to know are told that it does not. */
const againMs = 60_000;

/**
 * The subscription to one resource of a server, shared by all who want to know of its changes: one at each session,
 * made again at each that comes later.
 */
export class ResourceFeed {
  readonly #uri: string;
  readonly #subscribers = new Set<ResourceSubscriber>();
  readonly #places = new Map<Session, Place>();
  /** Whether a session took it: before, those who ask for it see to it. */
  #begun = false;
  /** Whether a session was lost, so that changes may have gone untold. */
  #missed = false;

  constructor(uri: string) {
    this.#uri = uri;
  }

  get isEmpty(): boolean {
    return this.#subscribers.size === 0;
  }

  add(subscriber: ResourceSubscriber): void {
    this.#subscribers.add(subscriber);
  }

  /** The last subscriber that leaves ends the subscription. */
  remove(subscriber: ResourceSubscriber): void {
    this.#subscribers.delete(subscriber);
    if (!this.isEmpty) return;
    for (const { abort } of this.#places.values()) abort.abort(nobodyLeft());
    this.#places.clear();
  }

  /** Resolves when the session's server has taken the subscription. Throws its refusal. */
  take(live: LiveSession): Promise<void> {
    return (this.#places.get(live.session) ?? this.#subscribe(live)).taken;
  }

  /** These are the sessions now. */
  attend(live: readonly LiveSession[]): void {
    for (const [session, { isTaken }] of this.#places) {
      if (live.some((one) => one.session === session)) continue;
      this.#places.delete(session);
      this.#missed ||= isTaken;
    }
    if (!this.#begun || this.isEmpty) return;
    for (const one of live) if (!this.#places.has(one.session)) this.#subscribeAgain(one);
  }

  /** No more changes will be told. */
  fail(error: ManagerError): void {
    for (const subscriber of this.#subscribers) subscriber.fail(error);
  }

  #subscribe(live: LiveSession): Place {
    const { session, instance } = live;
    const abort = new AbortController();
    const listener = {
      updated: (uri: string) => this.#tell(uri, instance),
      ended: (error: ManagerError) => this.#onEnded(place, error),
    };
    const taken = session.resources.subscribe(this.#uri, { listener, signal: abort.signal });
    const place: Place = { ...live, abort, taken, isTaken: false };
    this.#places.set(session, place);
    const onRefused = () => {
      if (this.#isCurrent(place)) this.#places.delete(session);
    };
    taken.then(() => this.#onTaken(place), onRefused);
    return place;
  }

  /** Nobody's call waits for it: its deadline is the feed's own. */
  #subscribeAgain(live: LiveSession): void {
    const { abort, taken } = this.#subscribe(live);
    const overdue = setTimeout(() => abort.abort(deadlinePassed(againMs)), againMs).unref();
    taken.catch((error: unknown) => this.#onRefused(toManagerError(error))).finally(() => clearTimeout(overdue));
  }

  #onTaken(place: Place): void {
    place.isTaken = true;
    this.#begun = true;
    if (!this.#isCurrent(place)) {
      this.#missed = true;
    } else if (this.#missed) {
      this.#missed = false;
      this.#tell(this.#uri, place.instance);
    }
  }

  /** A session that was lost meanwhile is followed by another; what a living one refuses is so for all. */
  #onRefused(error: ManagerError): void {
    const isLost = error.kind === "call_lost" || error.kind === "unavailable";
    if (!isLost || error.details.reason === "SERVER_NOT_READING") this.fail(error);
  }

  #onEnded(place: Place, error: ManagerError): void {
    const tell = () => {
      if (this.#isCurrent(place)) this.fail(error);
    };
    setTimeout(tell, exitMs).unref();
  }

  #isCurrent(place: Place): boolean {
    return this.#places.get(place.session) === place;
  }

  #tell(uri: string, instance: string): void {
    for (const subscriber of this.#subscribers) subscriber.tell({ uri, instance });
  }
}

function nobodyLeft(): ManagerError {
  return new ManagerError("cancelled", "the last subscriber to the resource left", {
    details: { reason: "CANCELLED", delivery: "sent" },
  });
}
