import { afterEach, describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { scriptedSession } from "../../scripted-session.ts";

afterEach(() => {
  vi.useRealTimers();
});

const listingOf = (name: string) => `{"tools":[{"name":"${name}","inputSchema":{}}]}`;
const deadline = new ManagerError("deadline", "too late", {
  details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
});

/** A session whose server answers listings when it is told to. It does not say when its tools change. */
function open() {
  const { session, sent } = scriptedSession(() => undefined);
  const asked = () => sent.filter(({ method }) => method === "tools/list");
  return {
    sent,
    asked,
    list: async (signal?: AbortSignal) => (await session.listTools({ signal })).map(({ name }) => name),
    reply: (index: number, result: string) => {
      const line = `{"jsonrpc":"2.0","id":${asked()[index]?.id},"result":${result}}\n`;
      session.sink.stdout(Buffer.from(line));
    },
  };
}

describe("Session.listTools, several at once", () => {
  it("gives nobody a listing that was asked for before he came, and those who wait one together", async () => {
    const server = open();
    const first = server.list();
    await vi.waitUntil(() => server.asked().length === 1);
    const later = [server.list(), server.list()];
    server.reply(0, listingOf("old"));
    expect(await first).toEqual(["old"]);
    await vi.waitUntil(() => server.asked().length === 2);
    server.reply(1, listingOf("new"));
    expect(await Promise.all(later)).toEqual([["new"], ["new"]]);
    expect(server.asked()).toHaveLength(2);
  });

  it("lets each leave by his own deadline, and tells the server when the last one does", async () => {
    const server = open();
    const callers = [new AbortController(), new AbortController()];
    const [first, second] = callers.map(({ signal }) => server.list(signal));
    await vi.waitUntil(() => server.asked().length === 1);
    callers[0]?.abort(deadline);
    await expect(first).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    expect(server.sent.map(({ method }) => method)).toEqual(["tools/list"]);
    callers[1]?.abort();
    await expect(second).rejects.toMatchObject({ kind: "cancelled", details: { delivery: "sent" } });
    await vi.waitUntil(() => server.sent.length === 2);
    const requestId = server.asked()[0]?.id;
    expect(server.sent[1]).toMatchObject({ method: "notifications/cancelled", params: { requestId } });
  });

  it("does not wait for a listing that has not come for five seconds", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const server = open();
    const leaves = new AbortController();
    const lost = server.list(leaves.signal).catch((error: ManagerError) => error.kind);
    while (server.asked().length < 1) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(5000);
    const second = server.list();
    while (server.asked().length < 2) await new Promise((resolve) => setImmediate(resolve));
    server.reply(1, listingOf("here"));
    expect(await second).toEqual(["here"]);
    leaves.abort();
    expect(await lost).toBe("cancelled");
  });
});
