import type { ManagerError } from "../../base/errors/errors.ts";
import type { LiveSession } from "../state/live-session.ts";
import { ResourceFeed } from "./resource-feed.ts";
import { ResourceSubscriber } from "./resource-subscriber.ts";

/** A place among those who want to know of a resource's changes; disposing it gives it up. */
export interface ResourceSubscription extends Disposable {
  readonly subscriber: ResourceSubscriber;
  /**
   * Subscribes at this session, as `ResourceFeed.take`, then at the others: what is sent to them later comes after
   * that.
   */
  take(live: LiveSession): Promise<void>;
}

export interface ResourceFeedsOptions {
  /** The server's sessions now. */
  readonly live: () => readonly LiveSession[];
  /** Told each time that somebody leaves. */
  readonly onLeave: () => void;
}

/** The resources of one server whose changes somebody wants to know of. */
export class ResourceFeeds {
  readonly #options: ResourceFeedsOptions;
  readonly #feeds = new Map<string, ResourceFeed>();

  constructor(options: ResourceFeedsOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#feeds.size === 0;
  }

  join(uri: string): ResourceSubscription {
    const feed = this.#feeds.get(uri) ?? new ResourceFeed(uri);
    this.#feeds.set(uri, feed);
    const subscriber = new ResourceSubscriber(uri);
    feed.add(subscriber);
    return {
      subscriber,
      take: async (live) => {
        await feed.take(live);
        feed.attend(this.#options.live());
      },
      [Symbol.dispose]: () => {
        feed.remove(subscriber);
        if (feed.isEmpty && this.#feeds.get(uri) === feed) this.#feeds.delete(uri);
        this.#options.onLeave();
      },
    };
  }

  /** These are the server's sessions now. */
  attend(live: readonly LiveSession[]): void {
    for (const feed of this.#feeds.values()) feed.attend(live);
  }

  /** The server has no sessions, and there will be none. */
  fail(error: ManagerError): void {
    for (const feed of this.#feeds.values()) feed.fail(error);
  }
}
