import { grpcClient } from "../../clients/clients.ts";
import { makeCall } from "../caller.ts";
import { toolCall } from "../calls.ts";
import type { Fault } from "./fault.ts";

/** Longer than the limit that a soak's manager has for a line. */
const hugeBytes = 6 * 1024 * 1024;
const invalidUtf8 = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"\xff\xfe"}}\n', "latin1").toString("base64");
const noise = [
  "starting up ...",
  '{"level":"info"}',
  '{"jsonrpc":"2.0"',
  "\u001b[31mred\u001b[0m",
  '{"jsonrpc":"2.0","id":4711,"result":{}}',
];

/** What servers do to themselves and to their manager, by tools of test/servers/hostile.mjs. */
export const sins: readonly Fault[] = [
  sin("noise instead of a reply", 2, { tool: "lines", args: { lines: noise } }),
  sin("invalid UTF-8", 1, { tool: "bytes", args: { base64: invalidUtf8 } }),
  sin("a reply twice", 1, {
    tool: "lines",
    args: { lines: Array(2).fill('{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}') },
  }),
  sin("a reply in pieces", 1, { tool: "pieces", args: { text: "x".repeat(2_000), bytes: 16 } }),
  sin("flood of stderr", 2, { tool: "stderr", args: { text: "x".repeat(200), count: 20_000 } }),
  sin("line above the limit", 2, { tool: "large", args: { bytes: hugeBytes } }),
  sin("line above the limit, its id last", 2, { tool: "large", args: { bytes: hugeBytes, idLast: true } }),
  sin("exit 1", 3, { tool: "exit", args: { code: 1, stderr: "told to\n" } }),
  sin("exit 0", 1, { tool: "exit", args: { code: 0 } }),
  sin("exit in mid-line", 2, { tool: "half", args: { code: 2 } }),
  sin("reads no more", 2, { tool: "deaf", args: {} }),
  sin("hangs", 2, { tool: "hang", args: { ms: 6_000 } }),
  sin("never answers", 1, { tool: "never", args: {} }),
  sin("answers after the deadline", 2, { tool: "stubborn", args: { ms: 2_500 } }),
  sin("asks its client", 1, { tool: "ask", args: { method: "sampling/createMessage" } }),
  sin("a tool more", 1, { tool: "grow", args: {} }),
  sin("forks a child that stays", 1, { tool: "fork", args: {} }),
  sin("out of memory", 1, { tool: "hog", args: {} }),
];

function sin(kind: string, weight: number, { tool, args }: { tool: string; args: object }): Fault {
  return {
    kind,
    weight,
    run: async (stage, { random, id }) => {
      const server = random.pick(stage.servers.filter(({ family }) => family === "hostile"));
      using client = grpcClient(stage.lives.port);
      const call = toolCall({ id, server, random, kind: "sin", tool, args, timeoutMs: 2_000 });
      await makeCall(stage, { id, line: { client, closed: false }, call });
    },
  };
}
