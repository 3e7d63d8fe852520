import { PullPolicy, ServerState } from "../gen/mcpmanager/v1/server_pb.ts";
import { calls } from "./calls.ts";
import { type Checks, expect } from "./check.ts";
import { failures } from "./failures.ts";
import { streams } from "./streams.ts";

/** In this order: the server is started, called, and stopped. */
export const checks: Checks = {
  Start: async (manager) => {
    // MCP's reference server, as `make build-everything` builds it.
    const spec = { image: "mcp/everything:latest", pullPolicy: PullPolicy.NEVER };
    const { server } = await manager.start({ name: "everything", spec });
    expect(server?.state === ServerState.READY, `its state is ${server?.state}`);
    return `${server.mcp?.serverName} is ready`;
  },

  ...calls,
  ...failures,
  ...streams,

  Stop: async (manager) => {
    const request = { name: "everything", gracePeriod: { seconds: 5n, nanos: 0 } }; // for the calls in flight
    const first = await manager.stop(request);
    const second = await manager.stop(request); // repeating it is safe
    expect(first.found && !second.found, `found ${first.found}, then ${second.found}`);
    return "and gone";
  },
};
