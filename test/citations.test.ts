// What the documents and the comments name is there: files, links, and names of the code.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { anchorsOf, cited, citedPaths, linksOf } from "./sources/cited.ts";
import { partsOf } from "./sources/code-and-comments.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = ["src", "test", "scripts", "bench", "docs", "examples", "gen", "proto", "servers", ".ci", ".github"];
const files = [...filesIn("."), ...folders.flatMap((folder) => filesIn(folder, { recursive: true }))];
const read = (path: string) => readFileSync(join(root, path), "utf8");
const names = new Set(files.map((path) => basename(path)));
const documents = files.filter(
  (path) => path.endsWith(".md") && /^(?:[A-Z]+|docs\/.*|(?:bench|examples)\/README)\.md$/.test(path),
);
const isCode = (path: string) => /^(?:src|test|scripts|bench|gen)\/.*\.[mc]?[jt]s$|\.proto$/.test(path);
const isScript = (path: string) =>
  /^(?:scripts\/(?:.*\.sh|[\w/-]+)|\.ci\/run|\.github\/.*|Makefile|Dockerfile|.*\.sh|docker-compose\.yml)$/.test(path);
const parts = new Map(
  files.filter((path) => isCode(path) || isScript(path)).map((path) => [path, partsOf(path, read(path))]),
);
const identifiers = new Set([...parts.values()].flatMap(({ code }) => code.match(/[A-Za-z_$][\w$]*/g) ?? []));
const commented = [...parts].filter(([path, { comments }]) => comments.length > 0 && !path.startsWith("gen/"));
/** Of other programs, and of servers that a reader adds. */
const foreign = new Set(["withMaxInboundMessageSize", "dist/index.js", "servers/sequential-thinking"]);
/** NAME in a path is any name. */
const anyName = /\b[A-Z]{4,}\b(?!\.md)/;

function filesIn(folder: string, options: { recursive?: boolean } = {}): string[] {
  return readdirSync(join(root, folder), { ...options, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length))
    .filter((path) => !/(?:^|\/)node_modules\//.test(path));
}

/** For a text that looks like a file or a name of the repository and is neither: why. Else undefined. */
function missing(citation: string): string | undefined {
  if (/[*<{]/.test(citation) || anyName.test(citation) || foreign.has(citation)) return undefined;
  if (/^[\w./-]+\.[mc]?[jt]s$/.test(citation)) {
    const isThere = citation.includes("/")
      ? files.some((path) => `/${path}`.endsWith(`/${citation}`))
      : names.has(citation);
    return isThere ? undefined : `no file ${citation}`;
  }
  const [, name = ""] = /^([A-Z][a-z]+[A-Z]\w*|[a-z]+[A-Z]\w*)(?:\.\w+)?(?:\(\))?$/.exec(citation) ?? [];
  return name === "" || identifiers.has(name) ? undefined : `nothing is called ${name}`;
}

function problemsOf(text: string): string[] {
  const paths = citedPaths(text).filter((path) => !anyName.test(path) && !foreign.has(path));
  const dead = paths.filter((path) => !existsSync(join(root, path)));
  return [...cited(text).flatMap((citation) => missing(citation) ?? []), ...dead.map((path) => `no ${path}`)];
}

describe("What is cited is there", () => {
  it.each(documents)("in %s", (path) => {
    expect(problemsOf(read(path))).toEqual([]);
  });

  it.each(["src", "test", "bench", "scripts", "proto", "."])("in the comments of %s/", (folder) => {
    const inside = commented.filter(([path]) =>
      folder === "." ? /^[^/]*$|^\./.test(path) : path.startsWith(`${folder}/`),
    );
    expect(inside).not.toEqual([]);
    const problems = inside.flatMap(([path, { comments }]) =>
      comments.flatMap(problemsOf).map((problem) => `${path}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });

  it.each(documents)("where %s links to", (path) => {
    const dead = linksOf(read(path)).filter(({ file, anchor }) => {
      const target = file === "" ? path : join(dirname(path), file);
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(read(target)).includes(anchor));
    });
    expect(dead).toEqual([]);
  });
});
