import { afterEach, describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { ResourceFeed } from "../../../src/fleet/resources/resource-feed.ts";
import { ResourceSubscriber } from "../../../src/fleet/resources/resource-subscriber.ts";
import { modernCodec } from "../../../src/mcp/eras/modern.ts";
import { collectGarbage } from "../../heap.ts";
import { scriptedSession } from "../../mcp/scripted-session.ts";

const uri = "mem://a";

/** A session of the legacy era that takes every subscription, unless it has another reply. */
function live(instance: string, response: Parameters<typeof scriptedSession>[0] = () => "{}") {
  const scripted = scriptedSession(response);
  const update = (changed = uri) => scripted.tell("notifications/resources/updated", { uri: changed });
  const asked = () => scripted.sent.map(({ method }) => method);
  return { ...scripted, instance, update, asked };
}

/** A session of the modern era, which is told when the server takes what it was asked. */
function modern() {
  const codec = modernCodec({ clientInfo: { name: "test", version: "0" }, logs: false });
  const scripted = scriptedSession(() => undefined, { codec, info: undefined, subscribed: new Set() });
  const acknowledge = () => {
    const _meta = { "io.modelcontextprotocol/subscriptionId": scripted.sent[0]?.id };
    const notifications = { resourceSubscriptions: [uri] };
    scripted.tell("notifications/subscriptions/acknowledged", { notifications, _meta });
  };
  return { ...scripted, instance: "1", acknowledge };
}

function follow() {
  const feed = new ResourceFeed(uri);
  const subscriber = new ResourceSubscriber(uri);
  feed.add(subscriber);
  return { feed, subscriber };
}

/** What was set going has gone on as far as it can. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => vi.useRealTimers());

describe("ResourceFeed", () => {
  it("asks a session once, whoever takes it", async () => {
    const { feed } = follow();
    const one = live("1");
    await Promise.all([feed.take(one), feed.take(one)]);
    feed.attend([one]);
    await feed.take(one);
    expect(one.asked()).toEqual(["resources/subscribe"]);
  });

  it("asks no other session before one has taken it, then all", async () => {
    const { feed, subscriber } = follow();
    const [one, two] = [live("1"), live("2")];
    feed.attend([one, two]);
    await settled();
    expect([one.asked(), two.asked()]).toEqual([[], []]);
    await feed.take(one);
    feed.attend([one, two]);
    await settled();
    expect(two.asked()).toEqual(["resources/subscribe"]);
    // Nothing was missed.
    expect(subscriber.takeUpdate()).toBeUndefined();
    two.update();
    expect(subscriber.takeUpdate()).toEqual({ uri, instance: "2" });
  });

  it("says once that something may have been missed, when a lost session has a successor", async () => {
    const { feed, subscriber } = follow();
    const [one, two] = [live("1"), live("2")];
    await feed.take(one);
    feed.attend([]);
    expect(subscriber.takeUpdate()).toBeUndefined();
    feed.attend([two]);
    await settled();
    expect(subscriber.takeUpdate()).toEqual({ uri, instance: "2" });
    feed.attend([two]);
    await settled();
    expect(subscriber.takeUpdate()).toBeUndefined();
  });

  it("ends its subscriptions when the last leaves, and makes none after that", async () => {
    const { feed, subscriber } = follow();
    const other = new ResourceSubscriber(uri);
    feed.add(other);
    const one = live("1");
    await feed.take(one);
    feed.remove(other);
    expect(one.asked()).not.toContain("resources/unsubscribe");
    feed.remove(subscriber);
    await settled();
    expect(one.asked()).toEqual(["resources/subscribe", "resources/unsubscribe"]);
    const two = live("2");
    feed.attend([one, two]);
    await settled();
    expect([one.asked().length, two.asked().length]).toEqual([2, 0]);
  });

  it("ends for all when a session that comes later refuses", async () => {
    const { feed, subscriber } = follow();
    await feed.take(live("1"));
    const refusing = live("2", () => ({ error: { code: -32002, message: "gone" } }));
    feed.attend([refusing]);
    await settled();
    expect(subscriber.end).toMatchObject({ kind: "not_found" });
  });

  it("waits for the next session when one is lost while it is asked", async () => {
    const { feed, subscriber } = follow();
    await feed.take(live("1"));
    const dying = live("2", () => undefined);
    feed.attend([dying]);
    await settled();
    dying.session.end({ reason: "SERVER_EXITED", message: "it exited" });
    await settled();
    feed.attend([]);
    expect(subscriber.end).toBeUndefined();
    feed.attend([live("3")]);
    await settled();
    expect(subscriber.takeUpdate()).toMatchObject({ instance: "3" });
  });

  it("ends for all when a session that comes later does not answer for a minute", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { feed, subscriber } = follow();
    await feed.take(live("1"));
    const silent = live("2", () => undefined);
    feed.attend([silent]);
    await settled();
    vi.advanceTimersByTime(59_999);
    await settled();
    expect(subscriber.end).toBeUndefined();
    vi.advanceTimersByTime(1);
    await settled();
    expect(subscriber.end).toMatchObject({ kind: "deadline" });
    expect(silent.asked()).toContain("notifications/cancelled");
  });

  it("fails a take with the refusal, and asks again for the next", async () => {
    const { feed, subscriber } = follow();
    let refuses = true;
    const one = live("1", () => (refuses ? { error: { code: -32002, message: "gone" } } : "{}"));
    await expect(feed.take(one)).rejects.toMatchObject({ kind: "not_found" });
    refuses = false;
    await feed.take(one);
    expect(subscriber.end).toBeUndefined();
  });

  it("keeps no session of the modern era a second after it has ended", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { feed } = follow();
    const gone = await (async () => {
      const one = modern();
      const taken = feed.take(one);
      await settled();
      one.acknowledge();
      await taken;
      one.session.end({ reason: "SERVER_EXITED", message: "it exited" });
      await settled();
      feed.attend([]);
      return new WeakRef(one.session);
    })();
    vi.advanceTimersByTime(1000);
    // A WeakRef holds its object until the current job ends.
    await settled();
    collectGarbage();
    expect(gone.deref()).toBeUndefined();
  });

  it.each([
    ["goes on when the session is lost within a second after its server ended the subscription", true],
    ["ends for all a second after a server that lives on ended the subscription", false],
  ])("%s", async (_what, isLost) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { feed, subscriber } = follow();
    const one = modern();
    const taken = feed.take(one);
    await settled();
    one.acknowledge();
    await taken;
    one.tell("notifications/cancelled", { requestId: one.sent[0]?.id });
    if (isLost) feed.attend([]);
    expect(subscriber.end).toBeUndefined();
    vi.advanceTimersByTime(1000);
    if (isLost) expect(subscriber.end).toBeUndefined();
    else expect(subscriber.end).toMatchObject({ details: { reason: "SUBSCRIPTION_ENDED" } });
  });
});

describe("ResourceSubscriber", () => {
  it("keeps the latest update alone, and of several URIs the one that is above them", () => {
    const subscriber = new ResourceSubscriber(uri);
    expect(subscriber.takeUpdate()).toBeUndefined();
    for (let count = 0; count < 3; count += 1) subscriber.tell({ uri: "mem://a/1", instance: "1" });
    expect(subscriber.takeUpdate()).toEqual({ uri: "mem://a/1", instance: "1" });
    expect(subscriber.takeUpdate()).toBeUndefined();
    subscriber.tell({ uri: "mem://a/1", instance: "1" });
    subscriber.tell({ uri: "mem://a/2", instance: "2" });
    expect(subscriber.takeUpdate()).toEqual({ uri, instance: "2" });
  });

  it("wakes who waits, at an update and at the end, whose first reason counts", async () => {
    const subscriber = new ResourceSubscriber(uri);
    const updated = subscriber.changes.wait();
    subscriber.tell({ uri, instance: "1" });
    await updated;
    const ended = subscriber.changes.wait();
    const [first, second] = ["first", "second"].map(
      (message) =>
        new ManagerError("unavailable", message, { details: { reason: "SUBSCRIPTION_ENDED", delivery: "not_sent" } }),
    );
    for (const error of [first, second]) if (error !== undefined) subscriber.fail(error);
    await ended;
    expect(subscriber.end).toBe(first);
  });
});
