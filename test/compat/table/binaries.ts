import type { RealServer } from "../real-server.ts";

/** Programs of Go and Rust: nothing but a file in their image. */
export const binaryServers: readonly RealServer[] = [
  {
    name: "go-everything",
    registry: "Go",
    package: "github.com/modelcontextprotocol/go-sdk/examples/server/everything v1.8.0",
    needs: "nothing",
    era: "modern",
    revision: "2026-07-28",
    has: { tools: 10, resources: 1, prompts: 2 },
    right: [
      { tool: "greet", args: { name: "grüße" }, text: "Hi grüße" },
      { tool: "greet", args: { name: "☃" }, text: "Hi ☃" },
    ],
    wrong: { tool: "greet", args: {}, toolError: "required" },
    short: true,
  },
  {
    name: "rust-filesystem",
    registry: "crates.io",
    package: "rust-mcp-filesystem 0.4.5",
    spec: {
      args: ["/data"],
      mounts: [{ type: "MOUNT_TYPE_BIND", source: "$FILES", target: "/data" }],
    },
    needs: "a folder",
    files: { "a.txt": "grüße\n" },
    era: "legacy",
    revision: "2025-11-25",
    has: { tools: 24, resources: "none", prompts: "none" },
    right: [
      { tool: "read_text_file", args: { path: "/data/a.txt" }, text: "grüße" },
      { tool: "list_directory", args: { path: "/data" }, text: "[FILE] a.txt" },
    ],
    wrong: { tool: "read_text_file", args: { path: "/etc/passwd" }, toolError: "Access denied" },
  },
  {
    name: "gopls",
    registry: "Go",
    package: "golang.org/x/tools/gopls v0.21.1",
    spec: {
      env: { GOPROXY: "off", GOTOOLCHAIN: "local" },
      mounts: [{ type: "MOUNT_TYPE_BIND", source: "$FILES", target: "/data" }],
      working_dir: "/data",
    },
    needs: "Go and a folder `/tmp` in its image; a folder with a module",
    files: {
      "go.mod": "module example.com/hello\n\ngo 1.24\n",
      "hello.go": 'package hello\n\n// Hello greets.\nfunc Hello() string { return "grüße" }\n',
    },
    era: "legacy",
    revision: "2025-06-18",
    has: { tools: 8, resources: "none", prompts: "none" },
    right: [
      { tool: "go_workspace", text: "example.com/hello" },
      { tool: "go_search", args: { query: "Hello" }, text: "Hello" },
    ],
    wrong: { tool: "go_file_context", args: { file: "/data/none.go" }, toolError: "none.go" },
  },
  {
    name: "grafana",
    registry: "Go",
    package: "github.com/grafana/mcp-grafana v1.6.3",
    spec: { env: { GRAFANA_URL: "http://127.0.0.1:9" } },
    needs: "nothing to start; to find anything, a Grafana, and a network that it is on",
    era: "modern",
    revision: "2026-07-28",
    has: { tools: 81, resources: 1, prompts: "none" },
    right: [
      {
        tool: "generate_deeplink",
        args: { resourceType: "dashboard", dashboardUid: "abc" },
        text: "http://127.0.0.1:9/d/abc",
      },
      { tool: "get_tempo_traceql_docs", args: { topic: "basic" }, text: "TraceQL" },
    ],
    wrong: { tool: "list_datasources", toolError: "connect: connection refused" },
  },
];
