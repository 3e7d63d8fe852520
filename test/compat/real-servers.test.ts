import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sectionOf } from "./document.ts";
import { folderOf, realServers } from "./table/real-servers.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe.each(realServers)("The server $name of test/compat", (server) => {
  const [id = "", version = ""] = server.package.split(" ");
  const folder = folderOf(server);

  it("is pinned, with all that it needs, by a lock file at the version of the table", () => {
    switch (server.registry) {
      case "npm": {
        const lock = JSON.parse(read(`${folder}/package-lock.json`)) as { packages: Record<string, Pinned> };
        expect(lock.packages[`node_modules/${id}`]?.version).toBe(version);
        const [, ...pinned] = Object.values(lock.packages);
        expect(pinned.filter(({ integrity }) => integrity === undefined)).toEqual([]);
        break;
      }
      case "PyPI":
        expect(read(`${folder}/requirements.txt`)).toContain(`${id}==${version} \\\n    --hash=sha256:`);
        break;
      case "Go":
        expect(read(`${folder}/go.mod`)).toMatch(new RegExp(`^tool ${id}`, "m"));
        expect(goModules(id).map((module) => `${module} ${version} h1:`)).toSatisfy((lines: string[]) =>
          lines.some((line) => read(`${folder}/go.sum`).includes(line)),
        );
        break;
      case "crates.io":
        expect(read(`${folder}/Cargo.lock`)).toContain(`name = "${id}"\nversion = "${version}"\n`);
    }
  });

  it("stands in docs/servers.md as in the table", () => {
    expect(read("docs/servers.md")).toContain(sectionOf(server));
  });

  it("has a Dockerfile", () => {
    expect(existsSync(new URL(`../../${folder}/Dockerfile`, import.meta.url))).toBe(true);
  });
});

/** Of a package: the first three parts of its path, or four. */
function goModules(id: string): string[] {
  const parts = id.split("/");
  return [3, 4].map((count) => parts.slice(0, count).join("/"));
}

interface Pinned {
  readonly version: string;
  readonly integrity?: string;
}
