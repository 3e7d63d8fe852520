import { describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { ResourceFeeds } from "../../src/fleet/resources/resource-feeds.ts";
import { watchResource } from "../../src/fleet/watch-resource.ts";
import { scriptedSession } from "../mcp/scripted-session.ts";
import { aCaller } from "./a-caller.ts";

const uri = "mem://a";

/** A fleet of one server, whose only session is a scripted one. */
function openFleet(response: Parameters<typeof scriptedSession>[0] = () => "{}") {
  const { session, tell } = scriptedSession(response);
  const live = { session, instance: "1" };
  const feeds = new ResourceFeeds({ live: () => [live], onLeave: () => {} });
  const fleet: Pick<Fleet, "follow" | "call"> = {
    follow: (_name, followed) => feeds.join(followed),
    call: (_name, { work, signal }) => work({ ...live, [Symbol.dispose]() {} }, signal),
  };
  const left = new AbortController();
  const { signal } = left;
  const watch = (heartbeatMs = 60_000) =>
    watchResource(
      fleet,
      { server: "s", uri },
      { callerHasDeadline: false, caller: aCaller, signal, heartbeatMs, maxTakeMs: 60_000 },
    );
  return { feeds, left, watch, update: () => tell("notifications/resources/updated", { uri }) };
}

describe("watchResource", () => {
  it("gives a reader that is slower than the changes the latest alone", async () => {
    const { watch, update } = openFleet();
    const readings = watch(1);
    expect((await readings.next()).value).toEqual({ kind: "subscribed", instance: "1" });
    for (let count = 0; count < 100; count += 1) update();
    expect((await readings.next()).value).toEqual({ kind: "updated", uri, instance: "1" });
    expect((await readings.next()).value).toEqual({ kind: "heartbeat" });
    update();
    expect((await readings.next()).value).toMatchObject({ kind: "updated" });
    await readings.return(undefined);
  });

  it("gives heartbeats while the server does not answer, and leaves nothing when the caller leaves", async () => {
    const { watch, feeds, left } = openFleet(() => undefined);
    const readings = watch(1);
    for (let count = 0; count < 3; count += 1) expect((await readings.next()).value).toEqual({ kind: "heartbeat" });
    left.abort(
      new ManagerError("deadline", "too late", { details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" } }),
    );
    await expect(readings.next()).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    expect(feeds.isEmpty).toBe(true);
  });

  it("ends with the caller, and with why the server tells no more", async () => {
    const { watch, feeds, left } = openFleet();
    const [first, second] = [watch(), watch()];
    for (const readings of [first, second]) await readings.next();
    await first.return(undefined);
    expect(feeds.isEmpty).toBe(false);
    const error = new ManagerError("not_running", "it failed", {
      details: { reason: "SERVER_FAILED", delivery: "not_sent" },
    });
    feeds.fail(error);
    await expect(second.next()).rejects.toBe(error);
    expect(feeds.isEmpty).toBe(true);
    const third = watch();
    await third.next();
    left.abort();
    expect(await third.next()).toEqual({ done: true, value: undefined });
    expect(feeds.isEmpty).toBe(true);
  });
});
