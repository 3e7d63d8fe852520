import { ServerState } from "../gen/mcpmanager/v1/server_pb.ts";
import { type Checks, expect } from "./check.ts";
import { failureOf } from "./failure.ts";
import { everything, hostile } from "./specs.ts";

/** What comes first: nothing can be called before it is started. */
export const starting: Checks = {
  GetInfo: async (manager) => {
    const { version, runtime, engineVersion, limits, features } = await manager.getInfo({});
    expect(limits !== undefined && limits.maxRequestBytes > 0n, "no limits"); // an int64 is a bigint
    expect(features.includes("idempotency_key"), `features: ${features}`);
    return `${version} on ${runtime} ${engineVersion}`;
  },

  Start: async (manager) => {
    const { server } = await manager.start({ name: "hostile", spec: hostile });
    expect(server?.state === ServerState.READY, `hostile is ${server?.state}`);
    const { server: other } = await manager.start({ name: "everything", spec: everything });
    return `${server.name} and ${other?.mcp?.serverName} are ready`;
  },

  "Start again": async (manager) => {
    const before = await manager.get({ name: "everything" });
    const { server } = await manager.start({ name: "everything", spec: everything });
    const [id, same] = [before.server?.instances[0]?.containerId, server?.instances[0]?.containerId];
    expect(id !== undefined && id === same, `${id} became ${same}`);
    return "the same container";
  },

  Get: async (manager) => {
    const { server } = await manager.get({ name: "everything" });
    expect(server?.spec?.image === everything.image, `image ${server?.spec?.image}`);
    expect(server.mcp !== undefined && "tools" in JSON.parse(server.mcp.capabilitiesJson), "no tools declared");
    return `MCP ${server.mcp.protocolVersion}`;
  },

  List: async (manager) => {
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await manager.list({ pageSize: 1, pageToken });
      names.push(...page.servers.map((server) => server.name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(names.join() === "everything,hostile", `listed ${names}`);
    return `${names.join(", ")} in pages of one`;
  },

  Restart: async (manager) => {
    const before = await manager.get({ name: "everything" });
    const { server } = await manager.restart({ name: "everything", gracePeriod: { seconds: 5n, nanos: 0 } });
    const [old, now] = [before.server?.instances[0], server?.instances[0]];
    expect(old !== undefined && old.containerId === now?.containerId, "another container");
    expect(
      old.startTime?.seconds !== now.startTime?.seconds || old.startTime?.nanos !== now.startTime?.nanos,
      "no new start",
    );
    return "a new process in the same container";
  },
};

export const stopping: Checks = {
  Stop: async (manager) => {
    const first = await manager.stop({ name: "everything" });
    const second = await manager.stop({ name: "everything" });
    await manager.stop({ name: "hostile", gracePeriod: { seconds: 0n, nanos: 0 } }); // killed at once
    expect(first.found && !second.found, `found ${first.found}, then ${second.found}`);
    const gone = await failureOf(manager.get({ name: "everything" }));
    expect(gone.reason === "SERVER_NOT_FOUND" && gone.delivery === "not_sent", `${gone}`);
    return `then Get says ${gone}`;
  },
};
