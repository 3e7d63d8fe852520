import { dirname, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, readSources, roomOf, type SourceFile, targetOf, targetsOf } from "../scripts/rooms/sources.ts";
import { withoutComments } from "./sources/code-and-comments.ts";

/** Which rooms of src/ may import which others; a room is a folder right below src/. "gen" is what buf generates. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  bin: ["main"],
  main: ["app", "config", "runtime/capabilities", "base"],
  client: ["gen"],
  app: [
    "config",
    "rest",
    "rpc",
    "http",
    "operations",
    "fleet",
    "secrets",
    "server",
    "state",
    ...["docker", "process"].map(runtime),
    "runtime",
    "base",
  ],
  config: ["runtime/capabilities", "base"],
  rest: ["http", "rpc", "operations", "server", "json", "gen", "base"],
  http: ["rpc", "operations", "server", "gen", "base"],
  rpc: ["operations", "fleet", "mcp", "json", "server", "runtime", "gen", "base"],
  operations: ["fleet", "mcp", "base"],
  fleet: ["mcp", "jsonrpc", "json", "runtime", "base"],
  mcp: ["jsonrpc", "json", "runtime", "base"],
  jsonrpc: ["json", "base"],
  json: ["base"],
  secrets: ["base"],
  server: ["base"],
  state: ["base"],
  [runtime("docker")]: ["runtime", "base"],
  [runtime("process")]: ["runtime", "base"],
  runtime: ["base"],
  "runtime/capabilities": [],
  base: [],
};

/**
 * Which folders of a room import which others of it, as today. A new arrow is written down here, and one that is gone
 * leaves. "." is what lies in the room itself; folders further down belong to theirs.
 */
const arrows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  base: { async: ["errors"], errors: [], log: [], "node-quirks": [], spec: ["text"], text: [] },
  config: { ".": ["settings"], "servers-file": [], settings: [] },
  fleet: {
    ".": ["calls", "instance", "logs", "programs", "resources", "run", "secrets", "state"],
    calls: ["state"],
    instance: ["calls", "logs", "programs", "run", "state"],
    logs: ["state"],
    programs: [],
    resources: ["state"],
    run: ["logs", "programs", "secrets", "state"],
    secrets: [],
    state: [],
    tools: [".", "calls", "logs"],
  },
  mcp: {
    ".": ["conversation", "features", "protocol"],
    conversation: ["eras", "protocol"],
    eras: ["protocol"],
    features: ["conversation", "eras", "protocol"],
    protocol: [],
  },
  operations: { ".": ["requests"], requests: [] },
  rpc: {
    ".": ["bounds", "call", "convert", "errors", "fast-path", "headers", "json", "methods"],
    bounds: [],
    call: ["errors", "headers", "json"],
    convert: ["errors"],
    errors: [],
    "fast-path": ["bounds", "call", "errors", "headers", "json"],
    headers: [],
    json: ["bounds", "errors"],
    methods: ["call", "convert"],
  },
  [runtime("docker")]: {
    ".": ["containers", "engine", "files", "images", "mounts", "networks", "owner", "secret-files", "stdio"],
    containers: ["engine", "files", "images", "mounts", "networks", "secret-files", "stdio"],
    engine: [],
    files: ["engine", "images"],
    images: ["engine"],
    mounts: ["engine", "files"],
    networks: ["engine"],
    owner: ["engine"],
    "secret-files": ["mounts"],
    stdio: ["engine"],
  },
  secrets: { ".": ["providers"], providers: [] },
  server: {
    ".": ["connections", "handlers", "requests", "responses"],
    connections: ["handlers"],
    handlers: [],
    requests: ["connections", "handlers", "responses"],
    responses: ["handlers"],
  },
};

function runtime(kind: string): string {
  return `runtime/${kind}`;
}

/** Packages that only some rooms may use; others are free. */
const packages: readonly { readonly name: RegExp; readonly rooms: readonly string[] }[] = [
  { name: /^@(?:connectrpc|bufbuild)\//, rooms: ["rpc", "rest", "http"] },
  { name: /^dockerode$/, rooms: ["runtime/docker"] },
  // docker asks the credential helpers of `docker login`, secrets the operator's commands.
  { name: /^node:child_process$/, rooms: ["runtime/docker", "runtime/process", "secrets"] },
  { name: /^pino$/, rooms: ["base"] },
  { name: /^mcp-docker-manager\/package\.json$/, rooms: ["app"] },
  { name: /^@modelcontextprotocol\//, rooms: [] },
];

/** More files side by side than this are searched, not seen. */
const maxFilesPerFolder = 18;

const files = await readSources();
const byPath = new Map(files.map((file) => [file.path, file]));

/** Breaches, as "file -> import", so that a failure names them. */
function breaches(isBreach: (file: SourceFile, specifier: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((specifier) => isBreach(file, specifier)).map((specifier) => `${file.path} -> ${specifier}`),
  );
}

describe("The dependency direction of docs/architecture.md, Rooms and layers,", () => {
  it("is read from all sources", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(byPath.get("src/rpc/methods/service-options.ts")?.imports).toContain("../../fleet/fleet.ts");
    expect(
      importsOf('import {\n  a,\n} from "x";\nimport "y";\nexport { b } from "z";\nconst c = await import("d");'),
    ).toEqual(["x", "y", "z", "d"]);
  });

  it("is kept: each room imports only what lies below it", () => {
    const upward = breaches(({ path }, specifier) => {
      if (!specifier.startsWith(".")) return false;
      const to = targetOf(path, specifier);
      const [from, into] = [roomOf(path), roomOf(to)];
      if (from === into) return false;
      // What a port says of all runtimes is a runtime's, too.
      if (into === "runtime/capabilities" && (allowed[from] ?? []).includes("runtime")) return false;
      return !(from === "runtime" && into === "runtime/capabilities") && !(allowed[from] ?? []).includes(into);
    });
    expect(upward).toEqual([]);
  });

  it("knows every room", () => {
    expect(files.map(({ path }) => roomOf(path)).filter((room) => allowed[room] === undefined)).toEqual([]);
  });

  it("is kept by the folders within rooms, too: each imports only those that the table names", () => {
    const real = files.flatMap(arrowsOf);
    const known = Object.entries(arrows).flatMap(([room, folders]) =>
      Object.entries(folders).flatMap(([from, into]) => into.map((to) => `${room}: ${from} -> ${to}`)),
    );
    const unknown = real.filter(({ arrow }) => !known.includes(arrow));
    expect(unknown.map(({ arrow, path, target }) => `${arrow}, by ${path} -> ${target}`)).toEqual([]);
    expect(known.filter((arrow) => !real.some((one) => one.arrow === arrow))).toEqual([]);
  });

  it("knows every folder within a room", () => {
    const divided = files.filter(({ path }) => folderOf(path) !== ".");
    const unknown = divided.filter(({ path }) => arrows[roomOf(path)]?.[folderOf(path)] === undefined);
    expect(unknown.map(({ path }) => dirname(path))).toEqual([]);
  });

  it("has no two folders within a room that import each other in a circle", () => {
    const imports = new Map<string, Set<string>>();
    for (const file of files) {
      const from = dirname(file.path);
      const into = targetsOf(file).map((path) => dirname(path));
      imports.set(from, new Set([...(imports.get(from) ?? []), ...into.filter((folder) => folder !== from)]));
    }
    expect(circles(imports)).toEqual([]);
  });

  it("has no folder in which nobody finds their way", () => {
    const counts = Map.groupBy(files, ({ path }) => dirname(path));
    const full = [...counts].filter(([, inside]) => inside.length > maxFilesPerFolder);
    expect(full.map(([folder]) => folder)).toEqual([]);
  });

  it("keeps packages where they belong", () => {
    const misplaced = breaches(({ path }, specifier) =>
      packages.some(({ name, rooms }) => name.test(specifier) && !rooms.includes(roomOf(path))),
    );
    expect(misplaced).toEqual([]);
  });

  it("has no cycle of imports, types included", () => {
    expect(circles(new Map(files.map((file) => [file.path, targetsOf(file)])))).toEqual([]);
  });
});

/** The folder within its room in which a file lies, "." if it lies in the room itself. */
function folderOf(path: string): string {
  const inRoom = path.slice(`src/${roomOf(path)}/`.length).split("/");
  return inRoom.length > 1 ? (inRoom[0] ?? "") : ".";
}

/** The arrows between folders of its room that a file makes. */
function arrowsOf(file: SourceFile): { readonly arrow: string; readonly path: string; readonly target: string }[] {
  const { path } = file;
  const [room, from] = [roomOf(path), folderOf(path)];
  return targetsOf(file)
    .filter((target) => roomOf(target) === room && folderOf(target) !== from)
    .map((target) => ({ arrow: `${room}: ${from} -> ${folderOf(target)}`, path, target }));
}

/** The files whose code, comments aside, has this. */
function withText(pattern: RegExp): string[] {
  return files.filter(({ path, text }) => pattern.test(withoutComments(path, text))).map(({ path }) => path);
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
      "src/rpc/bounds/wire-layout.ts",
      "src/rpc/fast-path/encode/encode-message.ts",
      "src/rpc/json/loose-json.ts",
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
    expect(withText(/\bDate\.now\b/).sort()).toEqual(["src/app/app.ts", "src/runtime/docker/docker-runtime.ts"]);
  });

  it("is ended only by main.ts", () => {
    expect(withText(/\bprocess\.(?:exit|abort)\b/)).toEqual(["src/main.ts"]);
  });

  it("signals other processes only where process groups of its own are ended", () => {
    expect(withText(/\bprocess\.kill\b/)).toEqual([
      "src/runtime/process/process-run.ts",
      "src/secrets/providers/run-command.ts",
    ]);
  });
});

/** Those that import one another in a circle. */
function circles(imports: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].map((name) => relative("src", name)).join(" -> "));
    if (start !== -1 || done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}
