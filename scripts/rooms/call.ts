import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Arrow, type Box, picture } from "./picture.ts";

/** A step of a call, with the file in which it happens, and what goes on from there. */
interface Step {
  readonly title: string;
  readonly file: string;
  readonly hands: string;
}

const steps: readonly Step[] = [
  { title: "listener", file: "server/listener.ts", hands: "a stream of HTTP/2, a request" },
  { title: "front door", file: "http/handler.ts", hands: "to the face that takes it" },
  {
    title: "a door",
    file: "rpc/fast-path/grpc/grpc-fast-path.ts",
    hands: "a message, and a call: who, how long, which trace",
  },
  { title: "interceptors", file: "rpc/call/authorize-interceptor.ts", hands: "what may be done, in time" },
  { title: "method", file: "rpc/methods/call-methods.ts", hands: "a checked request of the domain" },
  { title: "tool calls", file: "fleet/tools/tool-calls.ts", hands: "once under a key, in its turn" },
  { title: "session", file: "mcp/session.ts", hands: "tools/call, arguments as text" },
  { title: "connection", file: "jsonrpc/connection.ts", hands: "an id, a line" },
  { title: "attachment", file: "runtime/docker/stdio/attachment.ts", hands: "bytes on stdin" },
];

/** The way of a call as a picture. Throws for a step whose file is gone. */
export function drawCall(): string {
  const boxes = [
    ...steps.map(boxOf),
    { title: "MCP server", lines: ["in its container"], x: 120, y: yOf(steps.length) },
  ];
  const arrows = steps.map(({ hands }, index): Arrow => {
    return { from: boxes[index] as Box, to: boxes[index + 1] as Box, label: hands };
  });
  return picture("The way of a call", { boxes, arrows });
}

function boxOf({ title, file }: Step, index: number): Box {
  if (!existsSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)))) throw new Error(`src/${file} is gone`);
  return { title, lines: [shortened(file)], x: 120, y: yOf(index) };
}

/** Without the folders between its room and it. */
function shortened(file: string): string {
  const [room, ...inside] = file.split("/");
  return inside.length > 1 ? `${room}/…/${inside.at(-1)}` : file;
}

function yOf(index: number): number {
  return 20 + index * 80;
}
