// Servers that sin, each in a real container beside a witness that never does. The one table of sins:
//
// | sin | outcome | test |
// | --- | --- | --- |
// | noise on stdout | counted and shown by Logs; the session lives on | here: "noise on stdout" |
// | partial lines, 1-byte writes | the reply is whole | here: "pieces" |
// | a huge line | RESULT_TOO_LARGE for its one call; lives on | here: "a line above the limit" |
// | invalid UTF-8 | MALFORMED_REPLY for its one call; lives on | here: "bytes that are not UTF-8" |
// | text, colours or messages around a reply, one over several lines | the reply is read, text is shown by Logs | here: "replies that are nearly ones"; near-replies |
// | an error without an id | it is the only call's; else shown by Logs | here: "an error without an id"; near-replies |
// | batch arrays | each reply to its call; lives on | here: "a batch" |
// | server requests | ping answered, all else refused; lives on | here: "requests of its own" |
// | never answers | the deadline frees the caller, the server hears of it; lives on | here: "no answer"; faults: "A deadline" |
// | never reads | bounded queue, its own callers fail, at once or after 30 s; is stopped as any | here: "not reading"; connection-blocked |
// | wrong ids, duplicate replies, replies after cancel | counted, settle nothing; lives on | late-replies.engine.test.ts |
// | exits mid-line | SERVER_EXITED with code and stderr, sent; FAILED | hostile-process: "exits in the middle of a line" |
// | floods stderr | answered; the log stays within its bound | hostile-process: "floods stderr" |
// | ignores SIGTERM | killed after the grace | hostile-process: "ignores SIGTERM" |
// | forks children | end with it, at once | hostile-process: "leaves children behind" |
// | slow handshake | waited for up to handshake_timeout | hostile-process: "is slow to shake hands" |
// | all of these at once | the witness answers every call | hostile-process: "all at once" |
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorInfo, failureOf, textOf } from "../test-manager.ts";
import { type Sinner, Stage } from "./hostile/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ MCPM_MAX_LINE_BYTES: "1048576" });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Messages that the sinner got, in their order. */
async function received({ name }: Sinner) {
  const { resultJson } = await stage.client.callTool({ server: name, tool: "received", resultFormat: 2 });
  return JSON.parse(resultJson).structuredContent.messages as {
    id?: number | string;
    method?: string;
    params?: { name?: string; requestId?: number };
    result?: unknown;
    error?: { code: number };
  }[];
}

async function logged(server: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { event } of stage.client.logs({ server })) if (event.case === "line") lines.push(event.value.text);
  return lines;
}

interface Sin {
  readonly sin: string;
  readonly outcome: string;
  readonly args?: readonly string[];
  readonly commit: (sinner: Sinner) => Promise<void>;
  /** The server does not answer afterwards. */
  readonly mute?: true;
}

const long = "é👩\u200d👧".repeat(200);

const sins: readonly Sin[] = [
  {
    sin: "noise on stdout",
    outcome: "is counted, and Logs show it",
    args: ["--banner"],
    commit: async ({ name }) => {
      expect((await stage.get(name)).strayLines).toBe(2n);
      const noise = ["Welcome!", '{"level":"info","msg":"not a message"}'];
      expect(await logged(name)).toEqual(expect.arrayContaining(noise));
    },
  },
  {
    sin: "pieces of 1 byte",
    outcome: "are one reply",
    commit: async ({ call }) => expect(textOf(await call("pieces", { text: long, bytes: 1 }))).toBe(long),
  },
  {
    sin: "pieces over time",
    outcome: "are one reply, and other calls are answered only after it",
    commit: async ({ call }) => {
      const replies = ["a", "b", "c"].map((text) => call("echo", { text }));
      expect(textOf(await call("pieces", { text: long, bytes: 500, ms: 20 }))).toBe(long);
      expect((await Promise.all(replies)).map(textOf)).toEqual(["a", "b", "c"]);
    },
  },
  {
    sin: "a line above the limit",
    outcome: "fails its one call with RESULT_TOO_LARGE, wherever the id stands",
    commit: async ({ call }) => {
      const other = call("sleep", { ms: 300, text: "unharmed" });
      for (const idLast of [false, true]) {
        const failure = await failureOf(call("large", { bytes: 3_000_000, idLast }));
        const expected = { code: Code.ResourceExhausted, reason: "RESULT_TOO_LARGE", delivery: "answered" };
        expect(errorInfo(failure)).toMatchObject(expected);
      }
      expect(textOf(await other)).toBe("unharmed");
    },
  },
  {
    sin: "bytes that are not UTF-8",
    outcome: "fail their one call with MALFORMED_REPLY",
    commit: async (sinner) => {
      const other = sinner.call("sleep", { ms: 300, text: "unharmed" });
      const id = Number((await received(sinner)).at(-1)?.id) + 1;
      const [before, after] = [`{"jsonrpc":"2.0","id":${id},"result":{"x":"`, '"}}\n'];
      const line = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
      const failure = await failureOf(sinner.call("bytes", { base64: line.toString("base64") }));
      const expected = { code: Code.Internal, reason: "MALFORMED_REPLY", delivery: "answered" };
      expect(errorInfo(failure)).toMatchObject(expected);
      expect(textOf(await other)).toBe("unharmed");
    },
  },
  {
    sin: "replies that are nearly ones",
    outcome: "are read, and what is no part of them is shown by Logs",
    commit: async ({ name, call }) => {
      const result = '"result":{"content":[{"type":"text","text":"read"}]}';
      const reply = `{"jsonrpc":"2.0","id":ID,${result}}`;
      const ways = [
        [`Loading… ${reply}`],
        [`\x1b[32m${reply}\x1b[0m`],
        [`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}${reply}`],
        [`{"jsonrpc":2.0,"id":ID,${result}}`],
        [`{"jsonrpc":"2.0","id":ID,"method":"tools/call",${result}}`],
        ["{", '  "jsonrpc": "2.0",', '  "id": ID,', `  ${result}`, "}"],
      ];
      for (const lines of ways) expect(textOf(await call("lines", { lines }))).toBe("read");
      const lines = await logged(name);
      expect(lines).toEqual([expect.stringContaining("Loading…"), "x"]);
    },
  },
  {
    sin: "an error without an id",
    outcome: "is the only call's",
    commit: async ({ call }) => {
      const lines = ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}'];
      await call("echo");
      const failure = await failureOf(call("lines", { lines }));
      expect(errorInfo(failure)).toMatchObject({ code: Code.Unknown, reason: "SERVER_ERROR", rpc_code: "-32700" });
    },
  },
  {
    sin: "a batch",
    outcome: "is taken apart: each reply goes to its call, its ping is answered, its log is a log",
    commit: async (sinner) => {
      const texts = ["one", "two", "three"];
      const calls = texts.map((text) => sinner.call("batch", { count: texts.length, text }));
      expect((await Promise.all(calls)).map(textOf)).toEqual(texts);
      expect(await received(sinner)).toContainEqual({ jsonrpc: "2.0", id: "batched", result: {} });
      expect(await logged(sinner.name)).toContain("in a batch");
      expect((await stage.get(sinner.name)).strayLines).toBe(0n);
    },
  },
  {
    sin: "requests of its own",
    outcome: "are answered: a ping with {}, all else with -32601",
    commit: async (sinner) => {
      const methods = ["ping", "sampling/createMessage", "elicitation/create", "roots/list", "no/such"];
      for (const method of methods) await sinner.call("ask", { method });
      const responses = (await received(sinner)).filter(({ id }) => String(id).startsWith("ask-"));
      expect(responses.map(({ result, error }) => result ?? error?.code)).toEqual([{}, ...Array(4).fill(-32601)]);
    },
  },
  {
    sin: "no answer",
    outcome: "frees its caller at the deadline",
    commit: async ({ name, call }) => {
      const failure = await failureOf(call("never", {}, { timeoutMs: 300 }));
      expect(failure.code).toBe(Code.DeadlineExceeded);
      await expect.poll(async () => (await stage.get(name)).callsInFlight).toBe(0n);
    },
  },
  {
    sin: "not reading",
    outcome: "fails its own callers only: what waits is bounded, and they are free to leave",
    mute: true,
    commit: async ({ name, call }) => {
      await call("deaf");
      const left = new AbortController();
      const text = "x".repeat(1_000_000);
      const stuck = Array.from({ length: 8 }, () => failureOf(call("echo", { text }, { signal: left.signal })));
      const refused = await Promise.race(stuck);
      expect(errorInfo(refused)).toMatchObject({ code: Code.ResourceExhausted, delivery: "not_sent", server: name });
      await stage.witnessed(async () => left.abort());
      const codes = (await Promise.all(stuck)).map(({ code }) => code);
      expect(new Set(codes)).toEqual(new Set([Code.Canceled, Code.ResourceExhausted]));
    },
  },
];

describe("A server's sin", () => {
  it.each(sins)("$sin: $outcome", async ({ args, commit, mute }) => {
    await using sinner = await stage.start(args);
    await stage.witnessed(() => commit(sinner));
    if (mute === undefined) await stage.expectAlive(sinner);
    await stage.expectGoneWithoutTrace(sinner.name);
  });
});
