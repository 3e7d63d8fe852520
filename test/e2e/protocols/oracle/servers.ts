import { testImage } from "../../../runtime/docker/test-fleet.ts";
import type { DifferenceName } from "./differences.ts";
import type { Era } from "./sdk-clients.ts";

/** A server that both sides run in containers of their own. */
export interface PartnerServer {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly eras: readonly Era[];
  /** Every tool of the server at least once, with arguments whose answer is always the same, and some wrong ones. */
  readonly calls: readonly OracleCall[];
}

/** What is called with what, and where the SDK's clients then give something else than ours, the name of that. */
export type OracleCall = readonly [tool: string, args?: Record<string, unknown>, difference?: DifferenceName];

const noSuchTool = ["no-such-tool", {}, "unknown tool"] as const;

const greeting = { greeting: "Hello" };

/** What the servers of test/servers have in common. */
const common: readonly OracleCall[] = [
  ["echo", { text: 'a\u00a0b\u200d\u2028👩\u200d👧 "\\\n' }],
  ["add", { a: 0.1, b: 0.2 }],
  ["slow", { steps: 2, ms: 5 }],
  ["fail"],
  ["toggle"],
  ["extra"],
  ["toggle"],
  ["echo", { text: 7 }],
  ["add", {}],
];

const onSdkV2 = [
  ...common,
  ["extra", {}, "unknown tool"],
  noSuchTool,
  ["kinds"],
  ["count", { to: 3 }],
  ["ask", greeting],
  ["touch", { uri: "note://one" }],
  ["log"],
] as const;

const entity = (name: string, ...observations: string[]) => ({ name, entityType: "person", observations });
const relation = { from: "Ada", to: "Charles", relationType: "knows" };

export const partnerServers: readonly PartnerServer[] = [
  {
    name: "everything",
    image: "mcp/everything:latest",
    env: { HOSTNAME: "oracle", HOME: "/tmp" }, // for `get-env`
    eras: ["legacy"],
    calls: [
      ["echo", { message: "grüße" }],
      ["echo", {}],
      ["get-annotated-message", { messageType: "error", includeImage: true }],
      ["get-annotated-message", { messageType: "none" }],
      ["get-env"],
      ["get-resource-links", { count: 3 }],
      ["get-resource-links", { count: 99 }],
      ["get-resource-reference", { resourceType: "Text", resourceId: -1 }], // One that exists tells the time.
      ["gzip-file-as-resource", { name: "a.gz", data: "data:text/plain,hello", outputType: "resource" }],
      ["gzip-file-as-resource", { name: "b.gz", data: "data:text/plain,hello", outputType: "resourceLink" }],
      ["get-structured-content", { location: "Chicago" }],
      ["get-sum", { a: 1, b: 2.5 }],
      ["get-sum", { a: "1" }],
      ["get-tiny-image"],
      ["trigger-long-running-operation", { duration: 0.02, steps: 2 }],
      ["simulate-research-query", { topic: "tea" }, "tool that needs a task"],
      ["toggle-subscriber-updates"],
      ["toggle-simulated-logging"],
      noSuchTool,
    ],
  },
  {
    name: "filesystem",
    image: "mcp/filesystem:latest",
    args: ["/tmp", "/opt/server"],
    eras: ["legacy"],
    calls: [
      ["list_allowed_directories"],
      ["create_directory", { path: "/tmp/box" }],
      ["write_file", { path: "/tmp/box/a.txt", content: "one\ntwö\u00a0\u200d🙂\n" }],
      ["write_file", { path: "/tmp/box/pixel.png", content: "not a picture" }],
      ["write_file", { path: "/etc/passwd", content: "" }],
      ["edit_file", { path: "/tmp/box/a.txt", edits: [{ oldText: "one", newText: "1" }] }],
      ["edit_file", { path: "/tmp/box/a.txt", edits: [{ oldText: "nowhere", newText: "" }] }],
      ["read_file", { path: "/tmp/box/a.txt" }],
      ["read_text_file", { path: "/tmp/box/a.txt", head: 1 }],
      ["read_text_file", { path: "/tmp/box/missing.txt" }],
      ["read_text_file", { path: 7 }],
      ["read_media_file", { path: "/tmp/box/pixel.png" }],
      ["read_multiple_files", { paths: ["/tmp/box/a.txt", "/tmp/box/missing.txt"] }],
      ["list_directory", { path: "/tmp/box" }],
      ["list_directory_with_sizes", { path: "/tmp/box", sortBy: "size" }],
      ["directory_tree", { path: "/tmp/box" }],
      ["search_files", { path: "/tmp/box", pattern: "*.txt" }],
      ["move_file", { source: "/tmp/box/a.txt", destination: "/tmp/box/b.txt" }],
      ["move_file", { source: "/tmp/box/a.txt", destination: "/tmp/box/c.txt" }],
      // A file of the image: its times are those of the build.
      ["get_file_info", { path: "/opt/server/package.json" }],
      noSuchTool,
    ],
  },
  {
    name: "memory",
    image: "mcp/memory:latest",
    eras: ["legacy"],
    calls: [
      ["create_entities", { entities: [entity("Ada", "wrote the first program"), entity("Charles")] }],
      ["create_relations", { relations: [relation] }],
      ["add_observations", { observations: [{ entityName: "Ada", contents: ["née Byron 👩\u200d💻"] }] }],
      ["add_observations", { observations: [{ entityName: "nobody", contents: ["x"] }] }],
      ["read_graph"],
      ["search_nodes", { query: "Byron" }],
      ["open_nodes", { names: ["Charles"] }],
      ["delete_observations", { deletions: [{ entityName: "Ada", observations: ["née Byron 👩\u200d💻"] }] }],
      ["delete_relations", { relations: [relation] }],
      ["delete_entities", { entityNames: ["Charles"] }],
      ["read_graph"],
      ["create_entities", { entities: "Ada" }],
      noSuchTool,
    ],
  },
  {
    name: "sdk-v1",
    image: testImage,
    args: ["sdk-v1.mjs"],
    eras: ["legacy"],
    calls: [...common, ["extra", {}, "unknown tool"], noSuchTool, ["kinds"]],
  },
  {
    name: "sdk-v2",
    image: testImage,
    args: ["sdk-v2.mjs"],
    eras: ["legacy", "modern"],
    calls: onSdkV2,
  },
  {
    name: "sdk-v2, modern only",
    image: testImage,
    args: ["sdk-v2.mjs", "--modern-only"],
    eras: ["modern"],
    calls: onSdkV2,
  },
  {
    name: "python",
    image: "mcpm-test/python:latest",
    eras: ["legacy", "modern"],
    calls: [
      ...common,
      noSuchTool, // It says so in words, as the text of a tool that failed.
      ["kinds", {}, "rounded number"],
      ["integer", { digits: 15 }],
      ["integer", { digits: 30 }, "rounded number"],
      ["ask", greeting],
    ],
  },
];
