import { describe, expect, it } from "vitest";
import type { CallEvents } from "../../../../src/mcp/features/tools/followed-calls.ts";
import type { Session } from "../../../../src/mcp/session.ts";
import { modern, openChildSession } from "../../child-server.ts";
import { ready, receivedBy, textOf } from "../../hostile-session.ts";
import { scriptedSession } from "../../scripted-session.ts";

/** What a followed call heard, in order: numbers are steps. */
function hearing(): { readonly heard: (number | "log")[]; readonly events: CallEvents } {
  const heard: (number | "log")[] = [];
  return {
    heard,
    events: { progress: ({ progress }) => heard.push(progress), logged: () => heard.push("log") },
  };
}

const progress = (token: unknown, step = 1) =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${JSON.stringify(token)},"progress":${step}}}`;
const result = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`;
const log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}';

const write = (session: Session, ...lines: string[]) => session.sink.stdout(Buffer.from(`${lines.join("\n")}\n`));
const written = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A server that answers nothing by itself, and a call of it, whose id is `id`. */
async function followed() {
  const { session, sent } = scriptedSession(() => undefined);
  const { heard, events } = hearing();
  const done = session.callTool({ tool: "t" }, { events });
  await written();
  return { session, heard, done, sent, id: sent[0]?.id ?? 0 };
}

describe("A followed call", () => {
  it("asks for progress by its own request id; any other call does not ask", async () => {
    const { session, sent, id, done } = await followed();
    expect(sent[0]).toMatchObject({ id, params: { name: "t", _meta: { progressToken: id } } });
    const other = session.callTool({ tool: "t" }, {});
    await written();
    expect(sent[1]?.params).toEqual({ name: "t" });
    write(session, result(id), result(id + 1));
    await Promise.all([done, other]);
  });

  it("hears its own progress, and none with a token of another, of nobody, or of a wrong type", async () => {
    const { session, heard, done, id } = await followed();
    const other = hearing();
    const second = session.callTool({ tool: "t" }, { events: other.events });
    await written();
    for (const token of [id - 1, id + 2, `${id}?`, null, [id], { id }, id + 0.5]) write(session, progress(token, 99));
    write(session, progress(id, 1), progress(id + 1, 7), progress(id, 2), result(id + 1), result(id));
    await Promise.all([done, second]);
    expect(heard).toEqual([1, 2]);
    expect(other.heard).toEqual([7]);
  });

  it("hears nothing after its reply, though it comes in the same breath", async () => {
    const { session, heard, done, id } = await followed();
    write(session, progress(id, 1), result(id), progress(id, 2));
    await done;
    write(session, progress(id, 3));
    expect(heard).toEqual([1]);
  });

  it("hears no progress before it was written", async () => {
    const { session } = scriptedSession(() => undefined);
    const { heard, events } = hearing();
    const done = session.callTool({ tool: "t" }, { events });
    write(session, progress(5, 1));
    await written();
    write(session, progress(5, 2), result(5));
    await done;
    expect(heard).toEqual([2]);
  });

  it("hears all that the server logs, and so does every other; nothing is kept of it", async () => {
    const { session, heard, done, id } = await followed();
    const other = hearing();
    const second = session.callTool({ tool: "t" }, { events: other.events });
    await written();
    write(session, log, progress(id, 1), log, result(id));
    await done;
    write(session, log, result(id + 1));
    await second;
    write(session, log);
    expect(heard).toEqual(["log", 1, "log"]);
    expect(other.heard).toEqual(["log", "log", "log"]);
  });

  it("that is too large to send is refused, and not followed", async () => {
    const { session } = scriptedSession(() => undefined);
    const { heard, events } = hearing();
    const argumentsJson = `{"x":"${"x".repeat(11 * 1024 * 1024)}"}`;
    await expect(session.callTool({ tool: "t", argumentsJson }, { events })).rejects.toMatchObject({ kind: "invalid" });
    write(session, log, progress(5));
    expect(heard).toEqual([]);
  });

  it("hears a real server of the legacy era, and is cancelled by its token", async () => {
    await using child = await ready();
    const { heard, events } = hearing();
    const call = { tool: "steps", argumentsJson: '{"count":3}' };
    expect(textOf(await child.session.callTool(call, { events }))).toBe("done");
    expect(heard).toEqual([1, 2, 3]);
    const left = new AbortController();
    const never = child.session.callTool({ tool: "never" }, { events, signal: left.signal });
    await written();
    left.abort();
    await expect(never).rejects.toMatchObject({ kind: "cancelled" });
    const received = await receivedBy(child.session);
    const asked = received.find(({ params }) => params?.name === "never");
    expect(asked?.params?._meta).toEqual({ progressToken: asked?.id });
    expect(received.at(-2)).toMatchObject({ method: "notifications/cancelled", params: { requestId: asked?.id } });
  });

  it("asks a server of the modern era for progress beside all that the era demands", async () => {
    await using child = openChildSession(modern());
    await child.session.handshake({});
    const reply = await child.session.callTool({ tool: "meta" }, hearing());
    const meta = JSON.parse(reply.json).structuredContent;
    expect(Object.keys(meta).sort()).toEqual([
      "io.modelcontextprotocol/clientCapabilities",
      "io.modelcontextprotocol/clientInfo",
      "io.modelcontextprotocol/logLevel",
      "io.modelcontextprotocol/protocolVersion",
      "progressToken",
    ]);
  });
});
