import { LogSource } from "../gen/mcpmanager/v1/manager_pb.ts";
import { ServerState, ServerStateSchema } from "../gen/mcpmanager/v1/server_pb.ts";
import type { Checks } from "./check.ts";

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
