// A server on the TypeScript SDK v1: the legacy era, as most servers in the wild. It behaves.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { kinds, text } from "./sdk-results.mjs";

const server = new McpServer(
  { name: "sdk-v1", version: "1.0.0", title: "SDK v1" },
  { instructions: "Speaks MCP up to 2025-11-25." },
);

server.registerTool("echo", { description: "Gives its text back.", inputSchema: { text: z.string() } }, (input) =>
  text(input.text),
);

server.registerTool(
  "add",
  {
    title: "Add",
    description: "The sum of two numbers.",
    inputSchema: { a: z.number(), b: z.number() },
    outputSchema: { sum: z.number() },
    annotations: { readOnlyHint: true, idempotentHint: true },
  },
  ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
);

server.registerTool(
  "slow",
  {
    description: "Takes steps, and reports each as progress to who asked for it.",
    inputSchema: { steps: z.number().int(), ms: z.number().int() },
  },
  async ({ steps, ms }, { signal, _meta, sendNotification }) => {
    for (let step = 1; step <= steps; step += 1) {
      await wait(ms, undefined, { signal });
      if (_meta?.progressToken !== undefined) {
        const params = { progressToken: _meta.progressToken, progress: step, total: steps, message: `step ${step}` };
        await sendNotification({ method: "notifications/progress", params });
      }
    }
    return text(`took ${steps} steps`);
  },
);

server.registerTool("kinds", { description: "One of each kind of content." }, () => kinds);

server.registerTool("fail", { description: "Fails, as tools do." }, () => {
  throw new Error("the tool went wrong");
});

const extra = server.registerTool("extra", { description: "Is there when `toggle` says so." }, () => text("extra"));
extra.disable();

server.registerTool("toggle", { description: "Adds the tool `extra` to the list, or takes it away." }, () => {
  if (extra.enabled) extra.disable();
  else extra.enable();
  return text(extra.enabled ? "added" : "removed");
});

await server.connect(new StdioServerTransport());
process.stderr.write("sdk-v1 is up\n");
