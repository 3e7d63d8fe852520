import type { RealServer } from "../real-server.ts";

export const npmServers: readonly RealServer[] = [
  {
    name: "everything",
    registry: "npm",
    package: "@modelcontextprotocol/server-everything 2026.8.31",
    image: "mcp/everything:latest",
    needs: "nothing",
    era: "legacy",
    revision: "2025-11-25",
    has: { tools: 13, resources: 7, prompts: 4 },
    right: [
      { tool: "echo", args: { message: "grüße ☃" }, text: "Echo: grüße ☃" },
      {
        tool: "get-structured-content",
        args: { location: "Chicago" },
        structured: { temperature: 36, conditions: "Light rain / drizzle", humidity: 82 },
      },
    ],
    wrong: { tool: "echo", args: {}, toolError: "Invalid arguments for tool echo" },
    short: true,
  },
  {
    name: "context7",
    registry: "npm",
    package: "@upstash/context7-mcp 4.1.1",
    needs: "nothing to start; the network to find anything",
    era: "modern",
    revision: "2026-07-28",
    has: { tools: 2, resources: 0, prompts: 0 },
    right: [
      { tool: "resolve-library-id", args: { libraryName: "react", query: "hooks" }, text: "fetch failed" },
      { tool: "query-docs", args: { libraryId: "/react/docs", query: "hooks" }, text: "fetch failed" },
    ],
    wrong: { tool: "query-docs", args: {}, toolError: "Input validation error" },
    short: true,
  },
];
