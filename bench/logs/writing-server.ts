import { PullPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { EchoContainer, echoImage } from "../load/echo-container.ts";
import { answerTo, shakeHands } from "../load/line-load.ts";

/** What stands in the last line, and in no other. */
export const lastLine = "the last line";

/** A server whose tool `write` writes so many lines of 100 bytes to stderr, and then one that says that it was the last. */
const program = `
  import { createInterface } from "node:readline";
  const write = (text) => new Promise((resolve) => process.stderr.write(text, resolve));
  const [line, atOnce] = ["y".repeat(99) + "\\n", 500];
  for await (const request of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(request);
    if (id === undefined) continue;
    let result = {};
    if (method === "initialize") {
      const { protocolVersion } = params;
      result = { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "writer", version: "1" } };
    } else if (method === "tools/call") {
      for (let left = params.arguments.lines - 1; left > 0; left -= atOnce) await write(line.repeat(Math.min(left, atOnce)));
      await write("${lastLine}".padEnd(99) + "\\n");
      result = { content: [] };
    } else if (method === "server/discover") {
      console.log(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "no such method" } }));
      continue;
    }
    console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }`;

export const writingSpec = {
  image: echoImage,
  pullPolicy: PullPolicy.NEVER,
  command: ["node"],
  args: ["--input-type=module", "-e", program],
};

/** The same server in an attached container, without a manager. */
export async function createWritingServer() {
  const { command, args } = writingSpec;
  const container = await EchoContainer.start({ command, args });
  await shakeHands(container.lines);
  return {
    /** Seconds from the call until the last line is there. */
    async write(lines: number): Promise<number> {
      const startMs = performance.now();
      const written = container.stderrBytes(lines * 100);
      const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write","arguments":{"lines":${lines}}}}\n`;
      await Promise.all([written, answerTo(container.lines, call)]);
      return (performance.now() - startMs) / 1000;
    },
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  };
}
