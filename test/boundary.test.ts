import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The command, what it starts, and what the package gives to clients. */
const entries = ["src/bin.ts", "src/main.ts", "src/app/app.ts", "src/client.ts"];

/** Which folders of src/ may import which others; "leaf" are the modules of src/ itself, "gen" what buf generates. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  bin: ["main"],
  main: ["app", "config", "leaf"],
  client: ["gen"],
  app: ["config", "rpc", "http", "operations", "fleet", "runtime/docker", "runtime/process", "runtime/port", "leaf"],
  config: ["leaf"],
  http: ["rpc", "fleet", "mcp", "jsonrpc", "runtime/port", "gen", "leaf"],
  rpc: ["operations", "fleet", "mcp", "jsonrpc", "runtime/port", "gen", "leaf"],
  operations: ["fleet", "mcp", "leaf"],
  fleet: ["mcp", "jsonrpc", "runtime/port", "leaf"],
  mcp: ["jsonrpc", "runtime/port", "leaf"],
  jsonrpc: ["leaf"],
  "runtime/docker": ["runtime/port", "jsonrpc", "leaf"],
  "runtime/process": ["runtime/port", "leaf"],
  "runtime/port": ["leaf"],
  leaf: ["leaf"],
};

/** Packages that only some folders may use; others are free. */
const packages: readonly { readonly name: RegExp; readonly folders: readonly string[] }[] = [
  { name: /^@(?:connectrpc|bufbuild)\//, folders: ["rpc", "http"] },
  { name: /^dockerode$/, folders: ["runtime/docker"] },
  // docker asks the credential helpers of `docker login`.
  { name: /^node:child_process$/, folders: ["runtime/docker", "runtime/process"] },
  { name: /^(?:pino|mcp-docker-manager\/package\.json)$/, folders: ["leaf"] },
  { name: /^@modelcontextprotocol\//, folders: [] },
];

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = await readSources();
const byPath = new Map(files.map((file) => [file.path, file]));

async function readSources(): Promise<SourceFile[]> {
  const names = await readdir(join(root, "src"), { recursive: true });
  const paths = names.filter((name) => name.endsWith(".ts")).map((name) => join("src", name));
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(root, path), "utf8");
      return { path, text, imports: importsOf(text) };
    }),
  );
}

/** Every specifier of an import, an export from, or an import(), types included. */
function importsOf(text: string): string[] {
  const pattern =
    /^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...text.matchAll(pattern)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
}

/** The file that a relative specifier names, from the root of the repository. */
function target(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier));
}

function folderOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "gen") return "gen";
  if (entries.includes(path)) return path.slice("src/".length, -".ts".length);
  if (path === "src/runtime/runtime.ts") return "runtime/port";
  // Data that imports nothing: the configuration is checked by it.
  if (path === "src/runtime/capabilities.ts") return "leaf";
  if (parts[1] === "runtime") return `runtime/${parts[2]}`;
  return parts.length === 2 ? "leaf" : (parts[1] ?? "");
}

/** Breaches, as "file -> import", so that a failure names them. */
function breaches(isBreach: (file: SourceFile, specifier: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((specifier) => isBreach(file, specifier)).map((specifier) => `${file.path} -> ${specifier}`),
  );
}

describe("The dependency direction of docs/architecture.md, Layers,", () => {
  it("is read from all sources", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(byPath.get("src/rpc/methods/service-options.ts")?.imports).toContain("../../fleet/fleet.ts");
    expect(
      importsOf('import {\n  a,\n} from "x";\nimport "y";\nexport { b } from "z";\nconst c = await import("d");'),
    ).toEqual(["x", "y", "z", "d"]);
  });

  it("is kept: each folder imports only what lies below it", () => {
    const upward = breaches(({ path }, specifier) => {
      if (!specifier.startsWith(".")) return false;
      const to = target(path, specifier);
      const [from, into] = [folderOf(path), folderOf(to)];
      return from !== into && !(allowed[from] ?? []).includes(into);
    });
    expect(upward).toEqual([]);
  });

  it("knows every folder", () => {
    expect(files.map(({ path }) => folderOf(path)).filter((folder) => allowed[folder] === undefined)).toEqual([]);
  });

  it("keeps packages where they belong", () => {
    const misplaced = breaches(({ path }, specifier) =>
      packages.some(({ name, folders }) => name.test(specifier) && !folders.includes(folderOf(path))),
    );
    expect(misplaced).toEqual([]);
  });

  it("has no cycle of imports, types included", () => {
    expect(cycles()).toEqual([]);
  });
});

/** The files whose code, comments aside, has this. */
function withText(pattern: RegExp): string[] {
  const comments = /\/\*.*?\*\/|\/\/[^\n]*/gs;
  return files.filter(({ text }) => pattern.test(text.replaceAll(comments, ""))).map(({ path }) => path);
}

describe("The package, whose files end in .js", () => {
  it("has no module that is named by its extension but in an import, which tsc rewrites", () => {
    expect(withText(/new URL\([^)]*\.ts\b|import\.meta\.resolve\(/)).toEqual([]);
  });
});

describe("Modules", () => {
  it("keep no state of requests or connections: that lies with these", () => {
    const caches = [
      // By the type of a message, which never changes.
      "src/rpc/binary/wire-layout.ts",
      "src/rpc/fast-path/encode/encode-message.ts",
      "src/rpc/json/loose-json.ts",
      // Who waits for a change.
    ];
    const stateful = withText(
      /^(?:export )?(?:let |const \w+(?::[^=]+)? = (?:new WeakMap\b|\[\];|new (?:Map|Set)(?:<[^(]*>)?\(\)))/m,
    );
    expect(stateful.filter((path) => !caches.includes(path))).toEqual([]);
  });
});

describe("JSON-RPC", () => {
  it("knows nothing of what runs the other side", () => {
    const words = withText(/exitCode|oomKilled|stderr|\bcontainer's|docker|McpInfo/);
    expect(words.filter((path) => path.startsWith("src/jsonrpc/"))).toEqual([]);
  });
});

describe("The process", () => {
  it("has its environment read only by config.ts", () => {
    expect(withText(/\bprocess\.(?:env|argv)\b/)).toEqual(["src/config/config.ts"]);
  });

  it("has its wall clock read only where it is handed out, so that nothing measures by it", () => {
    expect(withText(/\bDate\.now\b/)).toEqual(["src/app/app.ts", "src/runtime/docker/docker-runtime.ts"]);
  });

  it("is ended only by main.ts", () => {
    expect(withText(/\bprocess\.(?:exit|abort)\b/)).toEqual(["src/main.ts"]);
  });

  it("signals other processes only where servers' process groups are ended", () => {
    expect(withText(/\bprocess\.kill\b/)).toEqual(["src/runtime/process/process-group.ts"]);
  });
});

/** Groups of files that import one another in a circle. */
function cycles(): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].map((name) => relative("src", name)).join(" -> "));
    if (start !== -1 || done.has(path)) return;
    for (const specifier of byPath.get(path)?.imports ?? []) {
      if (specifier.startsWith(".")) visit(target(path, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}
