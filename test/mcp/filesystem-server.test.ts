import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typedResult } from "../../src/mcp/features/tools/tool-result.ts";
import { type ChildSession, openChildSession } from "./child-server.ts";

const script = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", import.meta.url),
);
const content = "first line\nzweite Zeile: äöü\u00a0\u200d🙂\n";

let folder: string;
let child: ChildSession;
let client: Client;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "mcpm-test-")));
  await writeFile(join(folder, "a.txt"), content);
  await writeFile(join(folder, "large.txt"), "x".repeat(1_000_000));
  child = openChildSession([process.execPath, script, folder]);
  await child.session.handshake({});
  client = new Client({ name: "oracle", version: "0" });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [script, folder], stderr: "ignore" }),
  );
});

afterAll(async () => {
  await client.close();
  await child[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function ours(tool: string, args: unknown): Promise<unknown> {
  const result = await child.session.callTool({ tool, argumentsJson: JSON.stringify(args) }, {});
  return JSON.parse(result.json);
}

describe("Session with the reference filesystem server", () => {
  it("lists the tools that the official client lists", async () => {
    const [tools, oracle] = [await child.session.listTools({}), (await client.listTools()).tools];
    const asListed = tools.map((tool) => ({
      name: tool.name,
      ...(tool.title === "" ? {} : { title: tool.title }),
      ...(tool.description === "" ? {} : { description: tool.description }),
      ...(tool.inputSchemaJson === "" ? {} : { inputSchema: JSON.parse(tool.inputSchemaJson) }),
      ...(tool.outputSchemaJson === "" ? {} : { outputSchema: JSON.parse(tool.outputSchemaJson) }),
      ...(tool.annotationsJson === "" ? {} : { annotations: JSON.parse(tool.annotationsJson) }),
      ...(tool.extraJson === "" ? {} : JSON.parse(tool.extraJson)),
    }));
    expect(asListed).toEqual(oracle);
    expect(oracle.length).toBeGreaterThan(5);
  });

  it("reads a file as it is", async () => {
    const path = join(folder, "a.txt");
    const result = await child.session.callTool(
      { tool: "read_text_file", argumentsJson: JSON.stringify({ path }) },
      {},
    );
    expect(result.isError).toBe(false);
    expect(typedResult(result).content).toEqual([{ kind: "text", text: content, annotationsJson: "", extraJson: "" }]);
  });

  it.each([
    ["list_directory", () => ({ path: folder })],
    ["list_allowed_directories", () => ({})],
    ["read_text_file", () => ({ path: join(folder, "a.txt") })],
    ["read_text_file", () => ({ path: join(folder, "a.txt"), head: 1 })],
    ["read_text_file", () => ({ path: join(folder, "large.txt") })],
    ["get_file_info", () => ({ path: join(folder, "a.txt") })],
    ["directory_tree", () => ({ path: folder })],
    ["read_text_file", () => ({ path: join(folder, "missing.txt") })],
    ["read_text_file", () => ({ path: "/etc/hostname" })],
    ["read_text_file", () => ({ path: 7 })],
  ])("gives for %s what the official client gives", async (tool, args) => {
    const oracle = await client.callTool({ name: tool, arguments: args() });
    expect(await ours(tool, args())).toEqual(oracle);
  });

  it("takes wrong arguments of a known tool for a tool that failed", async () => {
    expect(await ours("read_text_file", { path: 7 })).toMatchObject({ isError: true });
  });

  it("says that a tool does not exist", async () => {
    await expect(ours("read_minds", {})).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "TOOL_NOT_FOUND", delivery: "answered" },
    });
  });

  it("matches concurrent calls of different lengths", async () => {
    const names = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? "large.txt" : "a.txt"));
    const texts = await Promise.all(
      names.map(async (name) => {
        const argumentsJson = JSON.stringify({ path: join(folder, name) });
        const [first] = typedResult(
          await child.session.callTool({ tool: "read_text_file", argumentsJson }, {}),
        ).content;
        return first?.kind === "text" ? first.text.length : 0;
      }),
    );
    expect(texts).toEqual(names.map((name) => (name === "large.txt" ? 1_000_000 : content.length)));
  });
});
