import { readdirSync, readFileSync } from "node:fs";
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

/** What people run or build. */
function scripts(): string[] {
  const root = new URL("..", import.meta.url);
  const servers = readdirSync(new URL("servers", root)).map((name) => `servers/${name}/Dockerfile`);
  const files = readdirSync(new URL("scripts", root), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `scripts/${name}`);
  return ["Makefile", "Dockerfile", "docker-compose.yml", "test-mcp.sh", ".ci/run", ...files, ...servers];
}

describe("The README", () => {
  it("links only to files that are there", () => {
    const files = new Set([
      ...readdirSync(new URL("..", import.meta.url)),
      ...readdirSync(new URL("../docs", import.meta.url)),
    ]);
    for (const [, target = ""] of read("README.md").matchAll(/\]\(([^)#:]+)\)/g)) {
      expect(files).toContain(target.replace("docs/", "").split("/")[0]);
    }
  });

  it("shows every RPC", () => {
    const rpcs = [...read("proto/mcpmanager/v1/manager.proto").matchAll(/^ {2}rpc (\w+)/gm)].map(([, name]) => name);
    for (const rpc of rpcs) expect(read("README.md")).toContain(`call ${rpc} `);
  });
});
