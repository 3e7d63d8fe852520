import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";

/** A server of the legacy era whose replies to some methods are given, the rest being as should be. */
export const legacyServer = (
  more: { readonly onProbe?: string; readonly onTerm?: string },
  spec: Partial<ServerSpec>,
) =>
  TestFleet.spec(
    `import { createInterface } from "node:readline";
    process.on("SIGTERM", () => { ${more.onTerm ?? "process.exit(0)"} });
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === "") continue;
      const { id, method } = JSON.parse(line);
      const reply = (result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
      const info = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } };
      if (method === "server/discover") { ${more.onProbe ?? "reply({})"} }
      else if (method === "initialize") reply(info);
      else if (id !== undefined) reply({ content: [] });
    }`,
    spec,
  );
