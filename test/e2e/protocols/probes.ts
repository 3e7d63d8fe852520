import { expect } from "vitest";
import type { InstanceState, Server, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { errorInfo, failureOf, type ManagerClient, textOf } from "../test-manager.ts";

const timeout = 20_000;

export function containerId({ instances }: Server): string {
  return instances[0]?.containerId ?? "";
}

export function startTime({ instances }: Server) {
  return instances[0]?.startTime;
}

/** What a test of faults asks of servers, which all run hostile.mjs. `client` may be another one after a boot. */
export function probes(client: () => ManagerClient) {
  const get = async (name: string): Promise<Server> => {
    const { server } = await client().get({ name });
    if (server === undefined) throw new Error("Get gave no server");
    return server;
  };
  const start = async (name: string, spec: object): Promise<Server> => {
    const { server } = await client().start({ name, spec });
    if (server === undefined) throw new Error("Start gave no server");
    return server;
  };
  const until = (name: string, state: ServerState) =>
    expect.poll(async () => (await get(name)).state, { timeout }).toBe(state);
  const untilShown = (name: string, state: InstanceState) =>
    expect.poll(async () => (await get(name)).instances[0]?.state, { timeout }).toBe(state);
  const untilHealthy = (name: string, healthy: boolean) =>
    expect.poll(async () => (await get(name)).instances[0]?.health?.healthy, { timeout }).toBe(healthy);
  const call = (server: string, tool: string, value = {}) =>
    client().callTool({ server, tool, input: { case: "arguments", value } });
  const echo = async (name: string) => textOf(await call(name, "echo", { text: "hi" }));
  /** A call that the server has and does not answer, and the error that it ends with. */
  const pending = async (name: string) => {
    const lost = failureOf(call(name, "never")).then(errorInfo);
    while ((await get(name)).callsInFlight === 0n);
    return { lost };
  };
  /** How often the process that runs was greeted. */
  const handshakes = async (name: string) => {
    const { structured } = await call(name, "received");
    return JSON.stringify(structured.value).match(/"initialize"/g)?.length;
  };
  return { get, start, until, untilShown, untilHealthy, call, echo, pending, handshakes };
}
