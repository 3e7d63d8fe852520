import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { LanguageServer } from "./language-server.ts";

const schema = new URL("../../../docs/servers.schema.json", import.meta.url);
const firstLine = `# yaml-language-server: $schema=${schema}\n`;

/** A document with the marker | where the cursor is. */
function document(text: string) {
  const marked = firstLine + text;
  const lines = marked.slice(0, marked.indexOf("|")).split("\n");
  return {
    text: marked.replace("|", ""),
    cursor: { line: lines.length - 1, character: (lines.at(-1) ?? "").length },
  };
}

describe("The schema of servers.yaml, in yaml-language-server,", () => {
  it("has nothing to say of a file with all short forms", async () => {
    await using editor = await LanguageServer.start();
    const text = await readFile(new URL("right/everything.yaml", import.meta.url), "utf8");
    expect(await editor.diagnostics("file:///right.yaml", firstLine + text)).toEqual([]);
  });

  it("names what is wrong where it stands", async () => {
    await using editor = await LanguageServer.start();
    const wrong = [
      "servers:",
      "  files:",
      "    imgae: mcp/filesystem:latest",
      "    idle_timeout: 600s5",
      "    limits: {memory: 256MB, pids: 0}",
      "    pull_policy: sometimes",
      "    mounts: [/data]",
      "    replicas: two",
      "views: {}",
    ];
    const found = await editor.diagnostics("file:///wrong.yaml", firstLine + wrong.join("\n"));
    const told = found.map(({ range, message }) => `${range.start.line}: ${message}`).sort();
    expect(told).toEqual([
      '2: Missing property "image".',
      "3: Property imgae is not allowed.",
      "4: must be a duration such as 500ms, 10m or 1h30m",
      "5: Value is below the minimum of 1.",
      "5: must be bytes, or a size such as 512KiB, 256MiB or 2GiB",
      '6: Value is not accepted. Valid values: "if_missing", "never", "always".',
      "7: must be source:target, perhaps with :ro or :rw after it, such as ./data:/data, cache:/cache or tmpfs:/cache",
      "8: must be a number",
      "9: Property views is not allowed.",
    ]);
  });

  it.each([
    ["the keys of a server", "servers:\n  a:\n    image: x\n    |", ["mounts", "limits", "start", "secrets"]],
    ["the keys of its parts", "servers:\n  a:\n    image: x\n    limits:\n      |", ["cpus", "memory", "pids"]],
    ["words", "servers:\n  a:\n    image: x\n    start: |", ["now", "on_call", "manual"]],
    ["kinds of networks", "servers:\n  a:\n    image: x\n    network: |", ["none", "bridge"]],
    ["sources of secrets", "servers: {}\nsecrets:\n  a:\n    |", ["file", "env", "command", "credential"]],
    ["the keys of the file", "servers: {}\n|", ["name", "secrets"]],
  ])("completes %s", async (_what, marked, offered) => {
    await using editor = await LanguageServer.start();
    const { text, cursor } = document(marked);
    await editor.diagnostics("file:///open.yaml", text);
    expect(await editor.completions("file:///open.yaml", cursor)).toEqual(expect.arrayContaining(offered));
  });

  it("explains a key in the words of the API, and how it is written", async () => {
    await using editor = await LanguageServer.start();
    const { text, cursor } = document("servers:\n  a:\n    image: x\n    idle_t|imeout: 10m\n");
    await editor.diagnostics("file:///open.yaml", text);
    const shown = await editor.hover("file:///open.yaml", cursor);
    expect(shown).toContain("The server is stopped (IDLE) after this time without a call");
    expect(shown).toContain("1h30m");
  });
});
