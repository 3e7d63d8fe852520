import { describe, expect, it } from "vitest";
import type { Session } from "../../../../src/mcp/session.ts";
import { type ChildSession, hostile, modern, openChildSession } from "../../child-server.ts";
import { call, receivedBy } from "../../hostile-session.ts";

async function ready(command: readonly string[]): Promise<ChildSession> {
  const child = openChildSession(command);
  await child.session.handshake({});
  return child;
}

async function listingsAskedOf(child: ChildSession): Promise<number> {
  return (await receivedBy(child.session)).filter(({ method }) => method === "tools/list").length;
}

async function namesOf(child: ChildSession): Promise<string[]> {
  return (await child.session.listTools({})).map(({ name }) => name);
}

describe("Session.listTools", () => {
  it.each([
    ["legacy", hostile()],
    ["modern", modern()],
  ])("asks once for a listing whose changes the server will tell of (%s)", async (_era, command) => {
    await using child = await ready(command);
    // The server's word that it will comes before its next reply.
    await call(child.session, "echo", { text: "" });
    const first = await namesOf(child);
    expect(await namesOf(child)).toEqual(first);
    expect(await listingsAskedOf(child)).toBe(1);
  });

  it.each([
    ["legacy", hostile()],
    ["modern", modern()],
  ])("asks again once the server said that it changed (%s)", async (_era, command) => {
    await using child = await ready(command);
    await call(child.session, "echo", { text: "" });
    const before = await namesOf(child);
    await call(child.session, "grow");
    const after = await namesOf(child);
    expect(after).toHaveLength(before.length + 1);
    expect(await namesOf(child)).toEqual(after);
    expect(await listingsAskedOf(child)).toBe(2);
  });

  it.each([
    ["of a server that declares no changes", ["--static"]],
    ["when the server refuses to tell of them", ["--refuse-listen"]],
  ])("asks each time %s", async (_why, args) => {
    await using child = await ready(modern(...args));
    await namesOf(child);
    await call(child.session, "grow");
    expect((await namesOf(child)).at(-1)).toMatch(/^tool-/);
    expect(await listingsAskedOf(child)).toBe(2);
  });

  it("asks once for all who want the listing at the same time", async () => {
    await using child = await ready(hostile("--pages", "3"));
    const listings = await Promise.all(Array.from({ length: 10 }, () => namesOf(child)));
    expect(new Set(listings.map(String)).size).toBe(1);
    expect(await listingsAskedOf(child)).toBe(3);
  });

  it("asks twice for all who want it at the same time of a server that declares no changes", async () => {
    await using child = await ready(modern("--static"));
    const first = namesOf(child);
    await Promise.resolve();
    await Promise.all([first, ...Array.from({ length: 10 }, () => namesOf(child))]);
    expect(await listingsAskedOf(child)).toBeLessThanOrEqual(2);
  });

  it("asks each time once the server has ended the subscription", async () => {
    await using child = await ready(modern());
    await call(child.session, "echo", { text: "" });
    await namesOf(child);
    await call(child.session, "hang-up");
    await namesOf(child);
    await namesOf(child);
    expect(await listingsAskedOf(child)).toBe(3);
  });

  it("does not keep a listing that changed while it came", async () => {
    await using child = await ready(hostile("--grow-while-listing"));
    await namesOf(child);
    await namesOf(child);
    expect(await listingsAskedOf(child)).toBe(2);
  });

  it("is subscribed again over another attachment to the same process", async () => {
    await using child = openChildSession(modern());
    const conversation = await child.session.handshake({});
    child.session.resume(conversation);
    await call(child.session, "echo", { text: "" });
    const asked = (await receivedBy(child.session)).filter(({ method }) => method === "subscriptions/listen");
    expect(asked).toHaveLength(2);
  });
});

/** Each kind of list, and how it is read. */
const kinds = [
  ["resources/list", (session: Session) => session.resources.listing.get({})],
  ["resources/templates/list", (session: Session) => session.resources.templates.get({})],
  ["prompts/list", (session: Session) => session.prompts.listing.get({})],
] as const;

describe.each(kinds)("A listing by %s", (method, list) => {
  it.each([
    ["legacy", hostile("--offers")],
    ["modern", modern("--offers")],
  ])("is asked for again once the server said that it changed, and not before (%s)", async (_era, command) => {
    await using child = await ready(command);
    await call(child.session, "echo", { text: "" });
    const asked = async () => (await receivedBy(child.session)).filter((sent) => sent.method === method).length;
    const before = await list(child.session);
    expect(await list(child.session)).toEqual(before);
    expect(await asked()).toBe(1);
    await call(child.session, "grow");
    const after = await list(child.session);
    // Templates change with the resources, as far as servers say; this one has the same.
    expect(after.length - before.length).toBe(method === "resources/templates/list" ? 0 : 1);
    expect(await list(child.session)).toEqual(after);
    expect(await asked()).toBe(2);
  });

  it("is unsupported by a server that has no such thing", async () => {
    await using child = await ready(hostile());
    await expect(list(child.session)).rejects.toMatchObject({
      kind: "unsupported",
      details: { reason: "METHOD_NOT_FOUND", delivery: "not_sent" },
    });
  });
});

describe("A server of the modern era", () => {
  it("is asked in one subscription for the changes of all that it declares", async () => {
    await using child = await ready(modern("--offers"));
    const all = { toolsListChanged: true, resourcesListChanged: true, promptsListChanged: true };
    const asked = (await receivedBy(child.session)).filter(({ method }) => method === "subscriptions/listen");
    expect(asked.map(({ params }) => params?.notifications)).toEqual([all]);
  });
});
