import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogSource, type LogsResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_LOG_RING_BYTES: "65536" });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(): Promise<string> {
  const name = randomName();
  await client.start({ name, spec: hostileSpec() });
  return name;
}

/** Has the server say it on stderr, and waits until the log has it: stderr may come later than the reply on stdout. */
async function say(server: string, text: string, count = 1): Promise<void> {
  await client.callTool({ server, tool: "stderr", input: { case: "arguments", value: { text, count } } });
  await expect.poll(async () => (await linesOf(client.logs({ server, sources: stderr }))).at(-1)).toBe(text);
}

async function linesOf(events: AsyncIterable<LogsResponse>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { event } of events) if (event.case === "line") lines.push(event.value.text);
  return lines;
}

const stderr = [LogSource.STDERR];

describe("Logs", () => {
  it("gives what there is, and with tail the newest of it", async () => {
    const server = await started();
    for (const text of ["one", "two", "three"]) await say(server, text);
    expect(await linesOf(client.logs({ server, sources: stderr }))).toEqual(["one", "two", "three"]);
    expect(await linesOf(client.logs({ server, sources: stderr, tail: 2 }))).toEqual(["two", "three"]);
    expect(await linesOf(client.logs({ server, tail: 0 }))).toEqual([]);
  });

  it("since a time leaves out what was before", async () => {
    const server = await started();
    await say(server, "old");
    await say(server, "new");
    const events = await Array.fromAsync(client.logs({ server, sources: stderr }));
    const since = events[1]?.time;
    expect(await linesOf(client.logs({ server, sources: stderr, ...(since === undefined ? {} : { since }) }))).toEqual([
      "new",
    ]);
  });

  it("with follow sends the first event at once, then new lines as they come", async () => {
    const server = await started();
    const stream = client.logs({ server, follow: true, tail: 0, sources: stderr })[Symbol.asyncIterator]();
    expect((await stream.next()).value.event.case).toBe("heartbeat");
    await say(server, "fresh");
    expect((await stream.next()).value.event).toMatchObject({
      case: "line",
      value: { text: "fresh", source: LogSource.STDERR },
    });
  });

  it("resumes after a cursor, and says so when lines are gone", async () => {
    const server = await started();
    await say(server, "seen");
    const [seen] = await Array.fromAsync(client.logs({ server, sources: stderr }));
    await say(server, "next");
    const cursor = seen?.cursor ?? "";
    expect(await linesOf(client.logs({ server, sources: stderr, cursor }))).toEqual(["next"]);
    expect(await linesOf(client.logs({ server, sources: stderr, cursor, tail: 0 }))).toEqual([]);
    expect(await linesOf(client.logs({ server, sources: stderr, cursor: "", tail: 1 }))).toEqual(["next"]);
    await say(server, "x".repeat(100), 500);
    const [first] = await Array.fromAsync(client.logs({ server, cursor }));
    expect(first?.event.case).toBe("gap");
  });

  it("ends when the server is stopped, after what it said last", async () => {
    const server = await started();
    const lines = linesOf(client.logs({ server, follow: true, sources: stderr }));
    await say(server, "goodbye");
    await client.stop({ name: server });
    expect(await lines).toEqual(["goodbye"]);
  });

  it("serves several followers, also beside one that never reads and later finds a gap", async () => {
    const server = await started();
    const query = { server, follow: true, tail: 0, sources: stderr };
    const opened = [1, 2, 3].map(() => client.logs(query)[Symbol.asyncIterator]());
    for (const stream of opened) expect((await stream.next()).value.event.case).toBe("heartbeat");
    const [idle, ...readers] = opened;
    const lines = 20_000;
    const counts = readers.map(async (stream) => {
      let seen = 0;
      while (seen < lines) {
        const { event } = (await stream.next()).value as LogsResponse;
        seen += event.case === "line" ? 1 : event.case === "gap" ? Number(event.value.lines) : 0;
      }
      return seen;
    });
    await say(server, "x".repeat(100), lines);
    expect(await Promise.all(counts)).toEqual([lines, lines]);
    const cases = new Set<string | undefined>();
    while (!cases.has("gap")) cases.add((await idle?.next())?.value.event.case);
    await client.stop({ name: server });
  });

  it("is released when its caller leaves", async () => {
    const server = await started();
    const left = new AbortController();
    const stream = linesOf(client.logs({ server, follow: true }, { signal: left.signal }));
    left.abort();
    expect((await failureOf(stream)).code).toBe(Code.Canceled);
    expect((await client.stop({ name: server })).found).toBe(true);
  });

  it("shows log notifications of MCP with their level", async () => {
    const server = await started();
    await client.callTool({
      server,
      tool: "log",
      input: { case: "arguments", value: { level: "warning", data: { disk: "full" } } },
    });
    const events = await Array.fromAsync(client.logs({ server, sources: [LogSource.MCP] }));
    expect(events.map(({ event }) => event.value)).toMatchObject([{ text: '{"disk":"full"}', level: "warning" }]);
  });

  it("of an unknown server is NOT_FOUND, and of a broken cursor INVALID_ARGUMENT", async () => {
    expect(errorInfo(await failureOf(linesOf(client.logs({ server: "nope" }))))).toMatchObject({ code: Code.NotFound });
    const server = await started();
    expect(errorInfo(await failureOf(linesOf(client.logs({ server, cursor: "?" }))))).toMatchObject({
      fields: ["cursor"],
    });
    const negative = await failureOf(linesOf(client.logs({ server, tail: -1 })));
    expect(errorInfo(negative)).toMatchObject({ code: Code.InvalidArgument, fields: ["tail"] });
  });
});
