import { ServerState, ServerStateSchema } from "../gen/mcpmanager/v1/server_pb.ts";
import { textOf } from "./calls.ts";
import { type Checks, expect } from "./check.ts";

export const streams: Checks = {
  CallToolStream: async (manager) => {
    const input = { case: "arguments", value: { duration: 0.2, steps: 2 } } as const;
    const call = { server: "everything", tool: "trigger-long-running-operation", input };
    const seen: string[] = [];
    for await (const { event } of manager.callToolStream(call)) {
      if (event.case === "progress") seen.push(`${event.value.progress} of ${event.value.total}`);
      if (event.case === "result") seen.push(textOf(event.value));
    }
    expect(seen.length === 3 && seen[1] === "2 of 2", seen.join());
    return seen.join(", ");
  },

  // Below the limit of every client, whatever the size of the result.
  "result in pieces": async (manager) => {
    const message = "x".repeat(5_000_000);
    const input = { case: "arguments", value: { message } } as const;
    const pieces: string[] = [];
    for await (const { event } of manager.callToolStream({ server: "everything", tool: "echo", input })) {
      if (event.case === "resultChunk") pieces.push(event.value.resultJson);
    }
    const { content } = JSON.parse(pieces.join(""));
    expect(pieces.length > 1 && content[0].text === `Echo: ${message}`, `${pieces.length} pieces`);
    return `5 MB in ${pieces.length}`;
  },

  // A subscription: what there is, then every change, until the caller leaves.
  Watch: async (manager) => {
    const leave = new AbortController(); // leaving the loop alone does not end the stream
    const seen: string[] = [];
    try {
      for await (const { event } of manager.watch({}, { signal: leave.signal })) {
        if (event.case === "snapshot") {
          seen.push(`${event.value.servers.length} server`);
          await manager.restart({ name: "everything" });
        } else if (event.case === "change" && event.value.server) {
          const { state } = event.value.server;
          seen.push(ServerStateSchema.value[state]?.localName ?? `${state}`);
          if (state === ServerState.READY) return seen.join(", ");
        }
      }
    } finally {
      leave.abort();
    }
    throw new Error("the stream ended");
  },
};
