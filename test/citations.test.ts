// What the documents and the comments name is there: files, links, and names of the code.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = ["src", "test", "scripts", "bench", "docs", "gen", "proto", "servers"];
const files = [
  ...readdirSync(root),
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))),
  ),
];
const read = (path: string) => readFileSync(join(root, path), "utf8");
const documents = files.filter(
  (path) => /^(?:docs\/.*|README|CONTRIBUTING)\.?(?:md)?$/.test(path) && path.endsWith(".md"),
);
const sources = files.filter((path) => /^(?:src|test|scripts|bench)\/.*\.ts$/.test(path));
const names = new Set(files.map((path) => basename(path)));
const identifiers = new Set(
  [...sources, ...files.filter((path) => /^(?:gen|proto)\/.*\.(?:ts|proto)$/.test(path))].flatMap(
    (path) => read(path).match(/[A-Za-z_$][\w$]*/g) ?? [],
  ),
);
/** Of other programs. */
const foreign = new Set(["withMaxInboundMessageSize"]);

/** What stands in backticks, blocks of code aside. */
function cited(text: string): string[] {
  return [...text.replaceAll(/```.*?```/gs, "").matchAll(/`([^`\n]+)`/g)].map(([, inside = ""]) => inside);
}

function comments(path: string): string {
  return (read(path).match(/\/\*\*.*?\*\/|\/\/[^\n]*/gs) ?? []).join("\n");
}

/** For a text that looks like a file or a name of the repository and is neither: why. Else undefined. */
function missing(citation: string): string | undefined {
  if (/[*<{]/.test(citation) || foreign.has(citation)) return undefined;
  if (/^(?:src|test|scripts|bench|docs|proto|gen|examples|deploy)\/[\w./-]+$/.test(citation)) {
    return existsSync(join(root, citation)) ? undefined : `no ${citation}`;
  }
  if (/^[\w/-]+\.ts$/.test(citation)) {
    const isThere = citation.includes("/") ? files.some((path) => path.endsWith(`/${citation}`)) : names.has(citation);
    return isThere ? undefined : `no file ${citation}`;
  }
  const [, name = ""] = /^([A-Z][a-z]+[A-Z]\w*|[a-z]+[A-Z]\w*)(?:\.\w+)?(?:\(\))?$/.exec(citation) ?? [];
  return name === "" || identifiers.has(name) ? undefined : `nothing is called ${name}`;
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchors(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

describe("What is cited is there", () => {
  it.each(documents)("in %s", (path) => {
    expect(
      cited(read(path))
        .map(missing)
        .filter((problem) => problem !== undefined),
    ).toEqual([]);
  });

  it("in the comments of src/", () => {
    const problems = sources
      .filter((path) => path.startsWith("src/"))
      .flatMap((path) =>
        cited(comments(path))
          .map(missing)
          .flatMap((problem) => (problem ? `${path}: ${problem}` : [])),
      );
    expect(problems).toEqual([]);
  });

  it("by its path in the comments of src/, with or without backticks", () => {
    const paths = sources
      .filter((path) => path.startsWith("src/"))
      .flatMap((path) => comments(path).match(/\b(?:src|test|scripts|docs|proto)\/[\w./-]+\w/g) ?? []);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it.each(documents)("where %s links to", (path) => {
    const links = [
      ...read(path)
        .replaceAll(/`[^`\n]*`/g, "")
        .matchAll(/\]\(([^)\s:]+)\)/g),
    ].map(([, target = ""]) => target.split("#"));
    const dead = links.filter(([file = "", anchor]) => {
      const target = file === "" ? path : join(dirname(path), file);
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(target).includes(anchor));
    });
    expect(dead.map((link) => link.join("#"))).toEqual([]);
  });
});
