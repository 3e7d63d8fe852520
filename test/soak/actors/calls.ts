import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import type { SoakResult, ToolRequest } from "../clients/clients.ts";
import { callIdKey } from "../measure/deliveries.ts";
import type { Family, SoakServer } from "../servers.ts";
import type { Random } from "./random.ts";

/** How a call goes: what is asked, when its caller gives up, and what is wrong with a result. */
export interface SoakCall {
  readonly kind: string;
  /** Undefined: a listing of the server's tools. */
  readonly request: ToolRequest | undefined;
  readonly server: string;
  /** By CallToolStream, with messages no larger than this. Undefined: by CallTool. */
  readonly stream?: { readonly maxMessageBytes: number } | undefined;
  /** The client's deadline. Unset: the manager's own. */
  readonly timeoutMs?: number;
  /** When the caller leaves, whatever the call does. */
  readonly leaveAfterMs?: number;
  /** What is wrong with a result; undefined: nothing. */
  readonly check: (result: SoakResult) => string | undefined;
}

interface Ask {
  readonly tool: string;
  readonly args: object;
  /** What the result's text holds. */
  readonly holds: string;
}

interface FamilyTools {
  /** Something that gives the text back, be it in an error. */
  echo(text: string): Ask;
  slow?(ms: number, id: string): Ask;
  /** A tool error (`isError`), or an error of JSON-RPC. */
  fail?: Ask;
  /** The echo takes megabytes. */
  readonly takesMuch: boolean;
}

const echoAsk = (text: string): Ask => ({ tool: "echo", args: { text }, holds: text });
const file = (text: string) => `/tmp/${text}`;
const slowSteps = (ms: number): Ask => ({ tool: "slow", args: { steps: 2, ms: Math.ceil(ms / 2) }, holds: "took 2" });

const families: Record<Family, FamilyTools> = {
  hostile: {
    echo: echoAsk,
    slow: (ms, text) => ({ tool: "sleep", args: { ms, text }, holds: text }),
    fail: { tool: "error", args: { code: -32000, data: { a: 1 } }, holds: "" },
    takesMuch: true,
  },
  modern: { echo: echoAsk, fail: { tool: "ask", args: {}, holds: "" }, takesMuch: true },
  sdk: { echo: echoAsk, slow: slowSteps, fail: { tool: "fail", args: {}, holds: "wrong" }, takesMuch: true },
  filesystem: {
    echo: (text) => ({ tool: "read_text_file", args: { path: file(text) }, holds: text }),
    fail: { tool: "read_text_file", args: { path: 7 }, holds: "" },
    takesMuch: false,
  },
  memory: {
    echo: (text) => ({
      tool: "add_observations",
      args: { observations: [{ entityName: text, contents: ["x"] }] },
      holds: text,
    }),
    takesMuch: true,
  },
  everything: {
    echo: (message) => ({ tool: "echo", args: { message }, holds: message }),
    slow: (ms) => ({ tool: "trigger-long-running-operation", args: { duration: ms / 1000, steps: 2 }, holds: "compl" }),
    takesMuch: true,
  },
};

interface Options {
  readonly id: string;
  readonly server: SoakServer;
  readonly random: Random;
}

/** Each maker is a kind of call; undefined: this server has no such tool. */
const makers: readonly { weight: number; kind: string; make(options: Options): Partial<SoakCall> | undefined }[] = [
  { weight: 50, kind: "echo", make: (options) => asked(options, echoOf(options)) },
  { weight: 6, kind: "large", make: (options) => large(options) },
  { weight: 10, kind: "slow", make: (options) => slow(options, {}) },
  { weight: 6, kind: "left in mid-call", make: (o) => slow(o, { leaveAfterMs: o.random.between(0, 150) }) },
  {
    weight: 4,
    kind: "echo, left at once",
    make: (o) => ({ ...asked(o, echoOf(o)), leaveAfterMs: o.random.between(0, 3) }),
  },
  { weight: 6, kind: "short deadline", make: (o) => slow(o, { timeoutMs: o.random.between(1, 250) }) },
  { weight: 5, kind: "refused by the server", make: (options) => failing(options) },
  {
    weight: 4,
    kind: "unknown tool",
    make: (options) => asked(options, { tool: "no-such-tool", args: {}, holds: "" }, true),
  },
  { weight: 10, kind: "stream", make: (o) => streamed(asked(o, echoOf(o))) },
  { weight: 4, kind: "stream, large", make: (o) => streamed(large(o)) },
  { weight: 8, kind: "stream, slow", make: (o) => streamed(slow(o, {})) },
  { weight: 4, kind: "stream, left", make: (o) => streamed(slow(o, { leaveAfterMs: o.random.between(0, 150) })) },
  {
    weight: 4,
    kind: "stream, short deadline",
    make: (o) => streamed(slow(o, { timeoutMs: o.random.between(1, 250) })),
  },
  // Few: what came of them is remembered for ten minutes, which a heap that shall stay flat must not show.
  { weight: 2, kind: "a key", make: (o) => keyed(asked(o, echoOf(o)), o.id) },
  { weight: 1, kind: "a key, left", make: (o) => keyed(slow(o, { leaveAfterMs: o.random.between(0, 150) }), o.id) },
  { weight: 1, kind: "a key, stream", make: (o) => keyed(streamed(asked(o, echoOf(o))), o.id) },
  { weight: 6, kind: "touch a resource", make: (o) => touch(o) },
  { weight: 2, kind: "bad request", make: (options) => badRequest(options) },
  { weight: 2, kind: "unknown server", make: (options) => elsewhere(options) },
  {
    weight: 5,
    kind: "list tools",
    make: () => ({ request: undefined, check: ({ text }) => (text === "0" ? "no tools" : undefined) }),
  },
];

/** A random call of this server. Its id is in the request's `_meta`, where the server's tap finds it. */
export function randomCall(options: Options): SoakCall {
  for (;;) {
    const { kind, make } = options.random.weighted(makers);
    const call = make(options);
    if (call !== undefined) {
      return { kind, request: undefined, server: options.server.name, check: () => undefined, ...call };
    }
  }
}

/** A call of one tool, as sins are. */
export function toolCall(options: Options & { kind: string; tool: string; args: object; timeoutMs: number }): SoakCall {
  const { kind, timeoutMs, server } = options;
  const request = requestOf(options, options);
  return { kind, request, server: server.name, timeoutMs, check: () => undefined };
}

function echoOf({ id, server }: Options): Ask {
  return families[server.family].echo(id);
}

function requestOf({ id, server, random }: Options, { tool, args }: { tool: string; args: object }): ToolRequest {
  const resultFormat = random.pick([ResultFormat.TYPED, ResultFormat.JSON]);
  const metaJson = JSON.stringify({ [callIdKey]: id });
  return { server: server.name, tool, argumentsJson: JSON.stringify(args), metaJson, resultFormat };
}

function asked(options: Options, ask: Ask, mustFail = false): Partial<SoakCall> {
  const check = ({ text, isError }: SoakResult) => {
    // The server's own tool error stays one where its listing can't be had to see what is wrong.
    if (mustFail) return isError ? undefined : `answered: ${text.slice(0, 60)}`;
    return text.includes(ask.holds) ? undefined : `another's answer: ${text.slice(0, 60)}`;
  };
  return { request: requestOf(options, ask), check };
}

function large(options: Options): Partial<SoakCall> | undefined {
  const { id, server, random } = options;
  const { echo, takesMuch } = families[server.family];
  if (!takesMuch) return undefined;
  return asked(options, echo(`${id} ${"x".repeat(random.between(64, 1024) * 1024)}`));
}

function slow(options: Options, more: Partial<SoakCall>): Partial<SoakCall> | undefined {
  const { id, server, random } = options;
  const ask = families[server.family].slow?.(random.between(50, 1000), id);
  return ask === undefined ? undefined : { ...asked(options, ask), ...more };
}

function streamed(call: Partial<SoakCall> | undefined): Partial<SoakCall> | undefined {
  return call === undefined ? undefined : { ...call, stream: { maxMessageBytes: 65_536 } };
}

function keyed(call: Partial<SoakCall> | undefined, idempotencyKey: string): Partial<SoakCall> | undefined {
  if (call?.request === undefined) return undefined;
  return { ...call, request: { ...call.request, idempotencyKey } };
}

/** So that those who subscribe to it are told. */
function touch(options: Options): Partial<SoakCall> | undefined {
  const { resource: uri, family } = options.server;
  if (uri === undefined || family === "everything") return undefined;
  return asked(options, { tool: "touch", args: { uri }, holds: "" });
}

function failing(options: Options): Partial<SoakCall> | undefined {
  const { fail } = families[options.server.family];
  if (fail === undefined) return undefined;
  const call = asked(options, fail);
  // Whatever it answers, it is no success.
  return {
    ...call,
    check: ({ isError }) => (isError ? undefined : "a success"),
  };
}

function elsewhere(options: Options): Partial<SoakCall> {
  const server = "no-such-server";
  return { ...asked({ ...options, server: { ...options.server, name: server } }, echoOf(options), true), server };
}

function badRequest(options: Options): Partial<SoakCall> {
  const { request } = asked(options, { tool: "echo", args: {}, holds: "" });
  if (request === undefined) throw new Error("a call of a tool has a request");
  return { request: { ...request, argumentsJson: '{"text":"}{' }, check: () => "answered" };
}
