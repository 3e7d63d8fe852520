import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { errorReasons } from "../src/base/errors/error-reason.ts";
import { scriptSettings, usage } from "../src/config/config.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

describe("docs/api.md", () => {
  it("explains every error reason, and no other", () => {
    const explained = [...read("docs/api.md").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, reason]) => reason);
    expect(explained).toEqual([...errorReasons]);
  });
});

describe("docs/operations.md", () => {
  const listed = read("docs/operations.md")
    .split("\n")
    .filter((line) => /^\| `MCPM_/.test(line))
    .flatMap((line) => (line.split("|")[1] ?? "").match(/MCPM_[A-Z_]+/g) ?? []);

  it("lists every setting and every variable of a script, and no other", () => {
    const settings = new Set([...(usage().match(/MCPM_[A-Z_]+/g) ?? []), ...scriptSettings]);
    expect(new Set(listed)).toEqual(settings);
    expect(listed).toHaveLength(settings.size);
  });

  it.each(scripts())("lists every variable that %s reads", (path) => {
    const own = /^MCPM_TEST_/; // Between scripts/test and the tests.
    const named = read(path).match(/\bMCPM_[A-Z_]*[A-Z]\b/g) ?? [];
    for (const name of named.filter((variable) => !own.test(variable))) expect(listed).toContain(name);
  });
});

describe("docs/faults.md", () => {
  const [tables = "", end = ""] = read("docs/faults.md").split("## The tests");
  const named = tables
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .flatMap((line) => (line.split("|").at(-2) ?? "").match(/(?<=`)[\w-]+(?=`)/g) ?? []);
  const tests = readdirSync(new URL(".", import.meta.url), { recursive: true }).map((path) => basename(String(path)));

  it("names a test in each row, each of which is there", () => {
    expect(named.length).toBeGreaterThan(30);
    const missing = named.filter(
      (name) => ![`${name}.test.ts`, `${name}.engine.test.ts`].some((file) => tests.includes(file)),
    );
    expect(missing).toEqual([]);
  });

  it("says which of them need no engine", () => {
    const without = named.filter((name) => !tests.includes(`${name}.engine.test.ts`));
    const [, list = ""] = end.split("`NAME.test.ts`:");
    expect(list.match(/(?<=`)[\w-]+(?=`)/g)).toEqual([...new Set(without)].toSorted());
  });
});

/** What people run or build. */
function scripts(): string[] {
  const root = new URL("..", import.meta.url);
  const servers = readdirSync(new URL("servers", root)).map((name) => `servers/${name}/Dockerfile`);
  const files = readdirSync(new URL("scripts", root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(fileURLToPath(root), join(parentPath, name)));
  return ["Makefile", "Dockerfile", "docker-compose.yml", "test-mcp.sh", ".ci/run", ...files, ...servers];
}

describe("The README", () => {
  it("shows every RPC", () => {
    const rpcs = [...read("proto/mcpmanager/v1/manager.proto").matchAll(/^ {2}rpc (\w+)/gm)].map(([, name]) => name);
    for (const rpc of rpcs) expect(read("README.md")).toContain(`call ${rpc} `);
  });
});
