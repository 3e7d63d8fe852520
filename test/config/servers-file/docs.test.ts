import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseServersFiles } from "../../../src/config/servers-file/parse-servers-files.ts";
import { problemText } from "../../../src/config/servers-file/yaml/problem.ts";

const page = readFileSync(new URL("../../../docs/servers-file.md", import.meta.url), "utf8");

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, text = ""]) => text);
}

function told(text: string): string[] {
  const result = parseServersFiles({ files: [{ path: "servers.yaml", text }], env: {} });
  return "problems" in result ? result.problems.map(problemText) : [];
}

/** What stands in backticks in a column of a table. */
function cells(heading: string, column: number): string[] {
  const rows = page.slice(page.indexOf(heading)).split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows.flatMap((row) => [...(row.split("|")[column] ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text));
}

describe("docs/servers-file.md", () => {
  it("has examples that are right, but for one, and of that the errors that it has", () => {
    const found = blocks("yaml").map((text) => told(text));
    expect(found.length).toBe(4);
    const [wrong, ...others] = found.filter((lines) => lines.length > 0);
    expect(others).toEqual([]);
    expect(wrong).toEqual(blocks("text")[0]?.trimEnd().split("\n"));
  });

  it("has mounts that are taken", () => {
    const mounts = cells("| mount | |", 1);
    expect(mounts.length).toBe(4);
    const list = mounts.map((mount) => (mount.startsWith("{") ? mount : `"${mount}"`));
    for (const mount of list) expect(told(`servers: {a: {image: x, mounts: [${mount}]}}`)).toEqual([]);
  });

  it("has values that are taken", () => {
    const examples = cells("| value | is written | for example |", 3);
    const durations = examples.filter((text) => /^[0-9]/.test(text));
    expect(durations).toEqual(["500ms", "1.5s", "1h30m"]);
    for (const text of durations) expect(told(`servers: {a: {image: x, idle_timeout: ${text}}}`)).toEqual([]);
    const keys = examples.filter((text) => /^(?:pull_policy|network|args|env): /.test(text));
    expect(keys.length).toBe(6);
    for (const text of keys) expect(told(`servers: {a: {image: x, ${text}}}`)).toEqual([]);
  });

  it("has sources of secrets that are taken", () => {
    const sources = cells("| source | the value is |", 1).map((text) => text.replace("ARGUMENT, …", "a"));
    expect(sources.length).toBe(4);
    for (const source of sources) expect(told(`servers: {}\nsecrets: {a: ${source}}`)).toEqual([]);
  });
});
