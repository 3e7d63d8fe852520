import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { modernCodec } from "../../../../src/mcp/eras/modern.ts";
import { type ChildSession, hostile, modern, openChildSession } from "../../child-server.ts";
import { call, receivedBy, textOf } from "../../hostile-session.ts";
import { eras, ready } from "../../offering-session.ts";
import { scriptedSession } from "../../scripted-session.ts";

async function open(command: readonly string[]): Promise<ChildSession> {
  const child = openChildSession(command);
  await child.session.handshake({});
  return child;
}

/** A subscription, and what it is told. */
function subscribe({ session }: Pick<ChildSession, "session">, uri: string) {
  const updated: string[] = [];
  const ended: ManagerError[] = [];
  const controller = new AbortController();
  const listener = {
    updated: (changed: string) => updated.push(changed),
    ended: (error: ManagerError) => ended.push(error),
  };
  const taken = session.resources.subscribe(uri, { listener, signal: controller.signal });
  const leave = () => {
    controller.abort(new ManagerError("cancelled", "left", { details: { reason: "CANCELLED", delivery: "sent" } }));
  };
  return { updated, ended, taken, leave };
}

/** Has the server say that a resource changed; how many, or whether somebody, it told. */
async function touched({ session }: ChildSession, uri: string): Promise<string | undefined> {
  return textOf(await call(session, "touch", { uri }));
}

describe.each(eras)("A subscription to a resource of a server of the %s era", (era) => {
  it("is told of each change, of what is below it, too, and of no other", async () => {
    await using child = await ready(era);
    const { updated, taken } = subscribe(child, "mem://a");
    await taken;
    for (const uri of ["mem://a", "mem://b", "mem://a/part"]) await touched(child, uri);
    expect(updated).toEqual(["mem://a", "mem://a/part"]);
  });

  it("ends at the server when its signal aborts", async () => {
    await using child = await ready(era);
    const { updated, ended, taken, leave } = subscribe(child, "mem://a");
    await taken;
    leave();
    expect(["false", "0"]).toContain(await touched(child, "mem://a"));
    expect([updated, ended]).toEqual([[], []]);
  });

  it("that is given up before the server took it is taken back there", async () => {
    await using child = await ready(era);
    const { taken, leave } = subscribe(child, "mem://silent");
    const methods = async () => (await receivedBy(child.session)).map(({ method }) => method);
    const asking = era === "legacy" ? "resources/subscribe" : "subscriptions/listen";
    await expect.poll(methods).toContain(asking);
    leave();
    await expect(taken).rejects.toMatchObject({ kind: "cancelled" });
    expect(await methods()).toContain("notifications/cancelled");
    if (era === "legacy") expect(await methods()).toContain("resources/unsubscribe");
  });

  it("is refused in the server's words", async () => {
    await using child = await ready(era);
    const { taken, ended } = subscribe(child, "mem://gone");
    await expect(taken).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "RESOURCE_NOT_FOUND", delivery: "answered" },
    });
    expect(ended).toEqual([]);
  });

  it("fails when the session ends before the server took it", async () => {
    await using child = await ready(era);
    const { taken } = subscribe(child, "mem://exit");
    child.heard.ended.then(() => child.session.end({ reason: "SERVER_EXITED", message: "it exited" }));
    await expect(taken).rejects.toMatchObject({ kind: "call_lost", details: { reason: "SERVER_EXITED" } });
  });
});

describe("A subscription to a resource of a server that has none", () => {
  it("is unsupported: the legacy era's says so", async () => {
    await using child = await open(hostile());
    await expect(subscribe(child, "mem://a").taken).rejects.toMatchObject({
      kind: "unsupported",
      details: { reason: "METHOD_NOT_FOUND" },
    });
  });

  it("is unsupported: the modern era's takes nothing of it, and is told that nobody waits", async () => {
    await using child = await open(modern());
    await expect(subscribe(child, "mem://a").taken).rejects.toMatchObject({
      kind: "unsupported",
      details: { reason: "CAPABILITY_NOT_DECLARED", delivery: "answered" },
    });
    const methods = (await receivedBy(child.session)).map(({ method }) => method);
    expect(methods).toContain("notifications/cancelled");
  });
});

describe("A server of the modern era", () => {
  it("may end a subscription, and the listings stay watched", async () => {
    await using child = await ready("modern");
    const { ended, taken } = subscribe(child, "mem://a");
    await taken;
    await child.session.listTools({});
    await call(child.session, "unfollow");
    expect(ended).toMatchObject([{ kind: "unavailable", details: { reason: "SUBSCRIPTION_ENDED" } }]);
    await child.session.listTools({});
    const listings = (await receivedBy(child.session)).filter(({ method }) => method === "tools/list");
    expect(listings).toHaveLength(1);
  });

  it("may give a subscription's id back as text, as it may that of a reply", async () => {
    const codec = modernCodec({ clientInfo: { name: "test", version: "0" }, logs: false });
    const scripted = scriptedSession(() => undefined, { codec, info: undefined, subscribed: new Set() });
    const { updated, ended, taken } = subscribe(scripted, "mem://a");
    await expect.poll(() => scripted.sent).toHaveLength(1);
    const id = String(scripted.sent[0]?.id);
    const _meta = { "io.modelcontextprotocol/subscriptionId": id };
    scripted.tell("notifications/subscriptions/acknowledged", {
      notifications: { resourceSubscriptions: ["a"] },
      _meta,
    });
    await taken;
    scripted.tell("notifications/resources/updated", { uri: "mem://a", _meta });
    expect(updated).toEqual(["mem://a"]);
    scripted.tell("notifications/cancelled", { requestId: id });
    expect(ended).toMatchObject([{ details: { reason: "SUBSCRIPTION_ENDED" } }]);
  });
});

describe("Subscriptions at a server of the modern era whose attachment was lost", () => {
  const codec = modernCodec({ clientInfo: { name: "test", version: "0" }, logs: false });
  const silent = () => undefined;
  const sentBy = ({ sent }: ReturnType<typeof scriptedSession>) =>
    sent.map(({ method, params }) => (method === "notifications/cancelled" ? [method, params] : [method]));

  it("are ended over the next one, before others are made", async () => {
    const capabilitiesJson = '{"tools":{"listChanged":true}}';
    const identity = { serverName: "s", serverVersion: "1", instructions: "" };
    const info = { era: "modern", protocolVersion: "2026-07-28", ...identity, capabilitiesJson } as const;
    const conversation = { codec, info, subscribed: new Set<number>() };
    const before = scriptedSession(silent, conversation);
    const { ended, taken } = subscribe(before, "mem://a");
    taken.catch(() => {});
    await expect.poll(() => before.sent).toHaveLength(2);
    before.session.sink.end();
    before.session.end({ reason: "ATTACHMENT_LOST", message: "it was lost" });
    const after = scriptedSession(silent, conversation);
    await expect.poll(() => after.sent).toHaveLength(3);
    const cancelled = before.sent.map(({ id: requestId }) => {
      return ["notifications/cancelled", { requestId, reason: "attachment_lost" }];
    });
    expect(sentBy(after)).toEqual([...cancelled, ["subscriptions/listen"]]);
    expect(ended).toEqual([]);
  });

  it("are ended once: not those that the server was told of, that it ended, or that it never got", async () => {
    const conversation = { codec, info: undefined, subscribed: new Set<number>() };
    const before = scriptedSession(silent, conversation);
    const left = subscribe(before, "mem://left");
    const ended = subscribe(before, "mem://ended");
    const given = subscribe(before, "mem://given-up-later");
    for (const { taken } of [left, ended, given]) taken.catch(() => {});
    await expect.poll(() => before.sent).toHaveLength(3);
    left.leave();
    before.tell("notifications/cancelled", { requestId: before.sent[1]?.id });
    await expect.poll(() => before.sent).toHaveLength(4);
    before.session.sink.end();
    // The server can't be told of this one any more.
    given.leave();
    subscribe(before, "mem://too-late").taken.catch(() => {});
    before.session.end({ reason: "ATTACHMENT_LOST", message: "it was lost" });
    await expect(given.taken).rejects.toMatchObject({ kind: "cancelled" });
    const after = scriptedSession(silent, conversation);
    await expect.poll(() => after.sent).not.toEqual([]);
    expect(after.sent).toMatchObject([{ params: { requestId: before.sent[2]?.id } }]);
    expect(conversation.subscribed.size).toBe(0);
  });
});
