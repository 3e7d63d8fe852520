import { describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { ready, receivedBy } from "../../hostile-session.ts";
import { scriptedSession } from "../../scripted-session.ts";

/** A server that gives these pages, one a request. */
function paged(
  page: (index: number) => string | { readonly error: { readonly code: number; readonly message: string } },
) {
  let index = 0;
  return scriptedSession(() => page(index++));
}

describe("Session.listTools", () => {
  it("keeps the server's own text of schemas, annotations and unknown fields", async () => {
    await using child = await ready();
    const [big, ...others] = await child.session.listTools({});
    expect(big).toEqual({
      name: "big",
      title: "",
      description: "",
      inputSchemaJson: '{"maximum":9007199254740993}',
      outputSchemaJson: "",
      annotationsJson: '{"readOnlyHint":true}',
      extraJson: '{"icons":[{"src":"data:,"}]}',
    });
    expect(others.map(({ name }) => name)).toContain("echo");
  });

  it("follows every page, the cursor that is an empty string included", async () => {
    await using child = await ready("--pages", "5");
    const tools = await child.session.listTools({});
    expect(tools.map(({ name }) => name)).toEqual(["echo", "line", "reflect", "sleep", "stubborn"]);
    const cursors = (await receivedBy(child.session))
      .filter(({ method }) => method === "tools/list")
      .map(({ params }) => params?.cursor);
    expect(cursors).toEqual([undefined, "", "2", "3", "4"]);
  });

  it("ends a listing whose cursor comes again, says so, and does not list the page that came again twice", async () => {
    await using child = await ready("--endless-pages");
    const why = 'the server\'s tool listing is given as far as it goes: its nextCursor "again" comes again';
    const { entries, incomplete } = await child.session.tools.listed({});
    expect([entries.map(({ name }) => name), incomplete]).toEqual([["echo"], why]);
    expect(child.heard.remarks).toEqual([why]);
    expect((await receivedBy(child.session)).filter(({ method }) => method === "tools/list")).toHaveLength(2);
    // Whether a tool is not there can't be known.
    expect(await child.session.tools.lacks(({ name }) => name === "nope", {})).toBe(false);
  });

  it("ends where two cursors take turns", async () => {
    const { session } = paged((page) => `{"tools":[{"name":"t${page}"}],"nextCursor":"${page % 2}"}`);
    const { entries, incomplete } = await session.tools.listed({});
    expect(entries.map(({ name }) => name)).toEqual(["t0", "t1", "t2"]);
    expect(incomplete).toContain("comes again");
  });

  it.each([
    ["pages", 200, paged((page) => `{"tools":[{"name":"t${page}"}],"nextCursor":"${page}"}`)],
    ["tools", 10_000, paged(() => `{"tools":[${Array.from({ length: 10_001 }, () => '{"name":"x"}').join(",")}]}`)],
    ["values", 3, paged(() => `{"tools":[${'{"name":"x"},'.repeat(3)}${"1,".repeat(600_000)}1]}`)],
  ])("gives of a listing of too many %s what fits", async (_what, count, { session }) => {
    const { entries, limit, incomplete } = await session.tools.listed({});
    expect([entries.length, incomplete]).toEqual([count, undefined]);
    expect(limit).toMatchObject({ kind: "too_much", details: { reason: "LISTING_TOO_LARGE", delivery: "answered" } });
  });

  it("gives the pages before one that is refused or malformed, and says why", async () => {
    for (const second of [{ error: { code: -32602, message: "bad cursor" } }, '{"tools":7}']) {
      const { session } = paged((page) => (page === 0 ? '{"tools":[{"name":"a"}],"nextCursor":"b"}' : second));
      const { entries, incomplete } = await session.tools.listed({});
      expect(entries).toHaveLength(1);
      expect(incomplete).toContain("its page 2 can't be had");
    }
    const { session } = paged(() => '{"tools":7}');
    await expect(session.listTools({})).rejects.toMatchObject({ details: { reason: "MALFORMED_RESULT" } });
  });

  it("gives a number back that is a cursor, and ends at any other that is no text", async () => {
    const { session, sent } = paged(
      (page) => `{"tools":[{"name":"t${page}"}],"nextCursor":${[2, "{}"][page] ?? "null"}}`,
    );
    const { entries, incomplete } = await session.tools.listed({});
    expect(entries).toHaveLength(2);
    expect(incomplete).toContain("neither text nor a number: {}");
    expect(sent.map(({ params }) => params)).toEqual([{}, { cursor: 2 }]);
  });

  it.each(['{"tools":null}', "{}", "null"])("takes the result %s for an empty listing", async (result) => {
    expect(await scriptedSession(() => result).session.listTools({})).toEqual([]);
  });

  it("keeps no listing that is not whole", async () => {
    const { session, sent } = paged(() => '{"tools":[],"nextCursor":{}}');
    await session.listTools({});
    await session.listTools({});
    expect(sent).toHaveLength(2);
  });

  it("lists a tool by the longest name that it can be called by, and none by a longer one", async () => {
    const names = ["x".repeat(8192), "x".repeat(8193)];
    const { session } = scriptedSession(() => JSON.stringify({ tools: names.map((name) => ({ name })) }));
    expect((await session.listTools({})).map(({ name }) => name)).toEqual(names.slice(0, 1));
  });

  it("tells the server when it is given up", async () => {
    const { session, sent } = scriptedSession(() => undefined);
    const controller = new AbortController();
    const asked = session.listTools({ signal: controller.signal });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    controller.abort(
      new ManagerError("deadline", "too late", { details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" } }),
    );
    await expect(asked).rejects.toMatchObject({ kind: "deadline" });
    await vi.waitFor(() =>
      expect(sent).toMatchObject([
        { method: "tools/list", id: 5 },
        { method: "notifications/cancelled", params: { requestId: 5, reason: "deadline" } },
      ]),
    );
  });

  it("leaves out odd entries and keeps the others", async () => {
    await using plain = await ready();
    await using odd = await ready("--odd-tool");
    expect(await odd.session.listTools({})).toEqual(await plain.session.listTools({}));
  });
});
