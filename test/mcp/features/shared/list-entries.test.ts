import { describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { ready, receivedBy } from "../../hostile-session.ts";
import { scriptedSession } from "../../scripted-session.ts";

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

  it("gives up a listing that never ends", async () => {
    await using child = await ready("--endless-pages");
    await expect(child.session.listTools({})).rejects.toMatchObject({
      kind: "protocol",
      details: { reason: "MALFORMED_RESULT" },
    });
  });

  it("gives up a listing of too many values or tools", async () => {
    const limits = { kind: "protocol", details: { reason: "MALFORMED_RESULT", delivery: "answered" } };
    const ones = scriptedSession(() => `{"tools":[${"1,".repeat(600_000)}1]}`);
    await expect(ones.session.listTools({})).rejects.toMatchObject(limits);
    const tools = Array.from({ length: 10_001 }, () => '{"name":"x"}');
    const many = scriptedSession(() => `{"tools":[${tools.join(",")}]}`);
    await expect(many.session.listTools({})).rejects.toMatchObject(limits);
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
