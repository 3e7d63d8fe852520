import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { WatchResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { InstanceState, type Server, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { TestRegistry } from "../../runtime/docker/test-registry.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, TestManager } from "../test-manager.ts";

const stateNames = new Map<number, string>(Object.entries(ServerState).map(([name, state]) => [state, name]));

/** Reads events until this server is in this state, and gives the states that it went through. */
async function statesUntil(events: AsyncIterator<WatchResponse>, name: string, last: ServerState): Promise<string[]> {
  const states: string[] = [];
  for (;;) {
    const { event } = (await events.next()).value as WatchResponse;
    if (event.case !== "change" || event.value.server?.name !== name) continue;
    states.push(stateNames.get(event.value.server.state) ?? "");
    if (event.value.server.state === last) return states;
  }
}

const watch = (client: ManagerClient) => client.watch({})[Symbol.asyncIterator]();

describe("Watch", () => {
  it("begins with a snapshot, then follows a server from its creation to its end", async () => {
    await using manager = await TestManager.start();
    const { client } = manager;
    await client.start({ name: "before", spec: hostileSpec() });
    const events = watch(client);
    const first = (await events.next()).value.event;
    expect(first).toMatchObject({ case: "snapshot", value: { more: false, servers: [{ name: "before" }] } });

    const { server } = await client.start({ name: "h", spec: hostileSpec() });
    expect(await statesUntil(events, "h", ServerState.READY)).toEqual(["CREATING", "HANDSHAKING", "READY"]);
    await client.restart({ name: "h" });
    expect(await statesUntil(events, "h", ServerState.READY)).toEqual(["CREATING", "HANDSHAKING", "READY"]);
    await manager.engine.docker.getContainer(server?.instances[0]?.containerId ?? "").kill();
    expect(await statesUntil(events, "h", ServerState.FAILED)).toEqual(["FAILED"]);
    await client.start({ name: "h" });
    expect(await statesUntil(events, "h", ServerState.READY)).toEqual(["CREATING", "HANDSHAKING", "READY"]);
    await client.stop({ name: "h" });
    expect(await statesUntil(events, "h", ServerState.STOPPED)).toEqual(["DRAINING", "STOPPED"]);
    await events.return?.();
  });

  it("tells nothing twice of a server whose copies come up at the same time", async () => {
    await using manager = await TestManager.start();
    const events = watch(manager.client);
    await events.next();
    await manager.client.start({ name: "h", spec: { ...hostileSpec(), replicas: 3 } });
    const seen: unknown[] = [];
    for (let ready = 0; ready < 3; ) {
      const { event } = (await events.next()).value as WatchResponse;
      const { state, instances = [] } = (event.case === "change" ? event.value.server : undefined) ?? {};
      const copies = instances.map((copy) => [copy.serverState, copy.state, copy.startTime]);
      expect([state, copies]).not.toEqual(seen.at(-1));
      seen.push([state, copies]);
      ready = instances.filter(({ serverState }) => serverState === ServerState.READY).length;
    }
    await events.return?.();
  });

  it("shows that the container of an idle server has ended", async () => {
    await using manager = await TestManager.start();
    const events = watch(manager.client);
    await events.next();
    await manager.client.start({ name: "h", spec: { ...hostileSpec(), idleTimeout: { nanos: 200_000_000 } } });
    await statesUntil(events, "h", ServerState.IDLE);
    let last: Server | undefined;
    while (last?.instances[0]?.state !== InstanceState.EXITED) {
      const { event } = (await events.next()).value as WatchResponse;
      if (event.case === "change") last = event.value.server;
    }
    expect(last.state).toBe(ServerState.IDLE);
    await events.return?.();
  });

  it("shows the progress of a pull, and that a failed first start leaves nothing", async () => {
    await using registry = await TestRegistry.open();
    await using manager = await TestManager.start({ MCPM_REGISTRIES: registry.host });
    const { client } = manager;
    const events = watch(client);
    await events.next();
    const start = failureOf(client.start({ name: "h", spec: { image: registry.image } }));
    const seen: string[] = [];
    let last: Server | undefined;
    while (last?.state !== ServerState.STOPPED) {
      const { event } = (await events.next()).value as WatchResponse;
      if (event.case === "pull") seen.push(`${event.value.server}: ${event.value.text}`);
      if (event.case !== "change") continue;
      last = event.value.server;
      seen.push(stateNames.get(last?.state ?? 0) ?? "");
    }
    expect(seen.slice(0, 2)).toEqual(["PULLING", expect.stringMatching(/^h: /)]);
    expect(seen.join("\n")).toMatch(/h: .*(?:Pull complete|Downloaded newer image)/);
    const { reason } = errorInfo(await start);
    expect(last.lastError).toMatchObject({ reason, exitCode: 127 });
    await manager.engine.docker.getImage(registry.image).remove({ force: true });
    await events.return?.();
  });

  it("ends UNAVAILABLE when the manager shuts down", async () => {
    await using manager = await TestManager.start();
    const end = failureOf(Array.fromAsync(manager.client.watch({})));
    const seen = watch(manager.client);
    await seen.next();
    await manager.shutDown();
    expect(errorInfo(await end)).toMatchObject({ code: Code.Unavailable, reason: "MANAGER_STOPPING" });
  });

  it("over REST is one JSON object a line", async () => {
    await using manager = await TestManager.start();
    const response = await fetch(`${manager.url}/watch`);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = JSON.parse((await reader?.read())?.value ?? "");
    expect(first).toMatchObject({ snapshot: { servers: [], more: false } });
    await reader?.cancel();
  });
});
