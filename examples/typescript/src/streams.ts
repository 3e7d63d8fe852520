import { LogSource } from "../gen/mcpmanager/v1/manager_pb.ts";
import { ServerState, ServerStateSchema } from "../gen/mcpmanager/v1/server_pb.ts";
import { textOf } from "./calls.ts";
import { type Checks, expect } from "./check.ts";

export const streams: Checks = {
  Logs: async (manager) => {
    const leave = new AbortController(); // leaving the loop alone does not end the stream
    const request = { server: "hostile", follow: true, tail: 0, sources: [LogSource.STDERR] };
    try {
      for await (const { event } of manager.logs(request, { signal: leave.signal })) {
        if (event.case === "line") return `followed: ${event.value.text}`;
        // The first event comes at once: from here on no line is missed.
        const input = { case: "arguments", value: { text: "a line on stderr" } } as const;
        await manager.callTool({ server: "hostile", tool: "stderr", input });
      }
    } finally {
      leave.abort();
    }
    throw new Error("the stream ended");
  },

  CallToolStream: async (manager) => {
    const input = { case: "arguments", value: { duration: 1, steps: 2 } } as const;
    const seen: string[] = [];
    const call = { server: "everything", tool: "trigger-long-running-operation", input };
    for await (const { event } of manager.callToolStream(call)) {
      if (event.case === "progress") seen.push(`${event.value.progress} of ${event.value.total}`);
      if (event.case === "result") seen.push(textOf(event.value));
    }
    expect(seen.length === 3 && seen[1] === "2 of 2", seen.join());
    return seen.join(", ");
  },

  "result in pieces": async (manager) => {
    const input = { case: "arguments", value: { bytes: 5_000_000 } } as const;
    const pieces: string[] = [];
    for await (const { event } of manager.callToolStream({ server: "hostile", tool: "large", input })) {
      if (event.case === "resultChunk") pieces.push(event.value.resultJson);
    }
    const { content } = JSON.parse(pieces.join(""));
    expect(content[0].text.length === 5_000_000, `${content[0].text.length} characters`);
    return `5 MB in ${pieces.length}, below every client's limit`;
  },

  Watch: async (manager) => {
    const leave = new AbortController();
    const seen: string[] = [];
    let restart: Promise<unknown> | undefined;
    try {
      for await (const { event } of manager.watch({}, { signal: leave.signal })) {
        if (event.case === "snapshot") {
          seen.push(`${event.value.servers.length} servers`);
          restart = manager.restart({ name: "everything" });
        } else if (event.case === "change" && event.value.server) {
          const { state } = event.value.server;
          seen.push(ServerStateSchema.value[state]?.localName ?? `${state}`);
          if (state === ServerState.READY) return seen.join(", ");
        }
      }
    } finally {
      await restart;
      leave.abort();
    }
    throw new Error("the stream ended");
  },
};
