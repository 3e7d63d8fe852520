// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of servers.yaml
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Declaration } from "../../../src/base/spec/declaration.ts";
import { parseServersFiles } from "../../../src/config/servers-file/parse-servers-files.ts";
import { problemText } from "../../../src/config/servers-file/yaml/problem.ts";

const path = "/etc/mcpm/servers.yaml";

function parse(...texts: (string | Uint8Array)[]) {
  return parseWith({}, ...texts);
}

/** Each text as a file of its own: a.yaml, b.yaml, … in folders of the same names; a single one as `path`. */
function parseWith(env: Record<string, string>, ...texts: (string | Uint8Array)[]) {
  const files = texts.map((text, index) => {
    const letter = "abc"[index];
    return { path: texts.length === 1 ? path : `/${letter}/${letter}.yaml`, text };
  });
  return parseServersFiles({ files, env });
}

function declared(result: ReturnType<typeof parse>): Record<string, Declaration> {
  if ("problems" in result) throw new Error(result.problems.map(problemText).join("\n"));
  return Object.fromEntries(result.file.servers);
}

function told(result: ReturnType<typeof parse>): string[] {
  return "problems" in result ? result.problems.map(problemText) : [];
}

/** The only problem, without the file. */
function onlyProblem(text: string | Uint8Array, env: Record<string, string> = {}): string {
  const problems = told(parseWith(env, text));
  expect(problems).toHaveLength(1);
  return problems[0]?.replace(`${path}:`, "") ?? "";
}

const wrong = new URL("wrong/", import.meta.url);
const wrongFiles = readdirSync(wrong).filter((file) => file.endsWith(".yaml"));

describe("A wrong servers.yaml", () => {
  it.each(wrongFiles)("is told all that is wrong, line by line: %s", (file) => {
    const text = readFileSync(new URL(file, wrong));
    const result = parseServersFiles({ files: [{ path: "servers.yaml", text }], env: { EMPTY: "", USER: "ann" } });
    const lines = told(result).map((line) => `${line}\n`);
    expect(lines.join("")).toBe(readFileSync(new URL(file.replace(".yaml", ".txt"), wrong), "utf8"));
  });

  it("is one in twenty ways at least", () => expect(wrongFiles.length).toBeGreaterThanOrEqual(20));

  it("has its field and its nearest key apart, for programs", () => {
    expect(parse("servers:\n  a:\n    image: x\n    limits: {memry: 5}\n")).toEqual({
      problems: [
        {
          file: path,
          line: 4,
          column: 14,
          field: "servers.a.limits.memry",
          rule: "is not a known key: cpus, memory, memory_bytes and pids are",
          nearest: "memory",
        },
      ],
    });
  });

  it("with thousands of problems is told the first hundred, and how many there are", () => {
    const keys = Array.from({ length: 3000 }, (_, index) => `    key${index}: 1\n`).join("");
    const lines = told(parse(`servers:\n  a:\n    image: x\n${keys}`));
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe(`${path}:103:5: and 2900 more problems that are not listed`);
  });

  it("can't forge a line of a log by its keys", () => {
    expect(onlyProblem('servers: {}\n"a\\nb\\u2028c": 1\n')).not.toMatch(/[\n\u2028]/);
    expect(onlyProblem('servers: {a: {image: x, args: ["${A:?one\\n2 two}"]}}')).toContain("is not set: one 2 two");
  });

  it("shows no value of a variable, and nothing that stands where a secret may stand", () => {
    const text = [
      "servers:",
      "  a:",
      '    image: "${TOKEN} x"',
      "    replicas: ${TOKEN}",
      '    idle_timeout: "${TOKEN}"',
      "    env: ghp_secret",
      "    secrets: {A: ghp_secret}",
      "secrets:",
      "  a: ghp_secret",
      "  b: {env: ghp-secret}",
    ].join("\n");
    const lines = told(parseWith({ TOKEN: "hunter2" }, text));
    expect(lines).toHaveLength(7);
    expect(lines.join()).not.toMatch(/hunter2|ghp/);
  });
});

describe("What is no servers.yaml", () => {
  it.each([
    [
      "Latin-1",
      Buffer.from("servers:\n  a:\n    image: caf\xe9\n", "latin1"),
      "3:15: the file is not text in UTF-8: save it as UTF-8",
    ],
    ["UTF-16", Buffer.from("servers: {}\n", "utf16le"), "1:2: the file is not text in UTF-8: save it as UTF-8"],
    [
      "a control character",
      'servers: {a: {image: "x\x07"}}',
      "1:24: the control character U+0007 stands here: remove it",
    ],
    ["ten megabytes", "#".repeat(10_000_000), "1:1: the file has 10,000,000 bytes; at most 1,048,576 are allowed"],
    ["a list", "- a\n", "1:1: the file must be a mapping with the key servers, not a list"],
    ["a word", "hello\n", "1:1: the file must be a mapping with the key servers, not text"],
    ["brackets without end", `servers: ${"[".repeat(100_000)}`, "1:136: this is nested too deeply"],
    ["a mapping as a key", "servers:\n  ? {a: b}\n  : c\n", "2:5: servers: has a key that is not text"],
  ])("is refused with its place: %s", (_what, text, line) => expect(onlyProblem(text)).toBe(line));

  it.each([
    ["commas", `[${",".repeat(1_000_000)}]`],
    ["brackets", "]".repeat(1_000_000)],
    ["entries", `servers: {}\nx-a:\n${"- a\n".repeat(200_000)}`],
    ["keys", `servers:\n${Array.from({ length: 70_000 }, (_, index) => `  k${index}: 1\n`).join("")}`],
    ["anchors", "&a ".repeat(300_000)],
    [
      "merge keys",
      `x-a: &a {${Array.from({ length: 1000 }, (_, n) => `k${n}: 1`).join(", ")}}\nservers:\n${Array.from({ length: 1000 }, (_, n) => `  s${n}: {<<: *a}\n`).join("")}`,
    ],
  ])("is refused before it costs much: a megabyte of %s", (_what, text) => {
    expect(told(parse(text)).length).toBeGreaterThan(0);
  });

  it("does not grow by variables beyond a bound", () => {
    const text = `servers:\n  a:\n    image: x\n    args:\n${'      - "${BIG}${BIG}"\n'.repeat(1000)}`;
    expect(told(parseWith({ BIG: "x".repeat(100_000) }, text))[0]).toContain("variables make the file too long");
  });
});

describe("A servers.yaml", () => {
  it("declares servers and secrets, with every short form", () => {
    const text = readFileSync(new URL("right/everything.yaml", import.meta.url));
    const result = parseServersFiles({ files: [{ path, text }], env: { TOKEN: "t", TAG: "v1" } });
    expect(result).toEqual(everything);
  });

  it("may be empty only on purpose", () => {
    expect(parse("servers: {}\n")).toEqual({ file: { servers: new Map(), secrets: new Map() } });
  });

  it("may have a byte order mark and lines that end as on Windows", () => {
    const text = "\ufeffservers:\r\n  a:\r\n    image: x\r\n    args:\r\n      - |\r\n        one\r\n        two\r\n";
    expect(declared(parse(Buffer.from(text))).a?.spec).toEqual({ image: "x", args: ["one\ntwo\n"] });
    expect(onlyProblem(`${text}    imgae: x\r\n`)).toMatch(/^8:5: servers.a.imgae: /);
  });

  it("takes numbers, words and texts as they are written, where text is asked for", () => {
    const { a } = declared(
      parse("servers:\n  a:\n    image: x\n    args: [1.10, 0x1F, yes, off, 1e3, 'null', 2026-12-01, ~x]\n"),
    );
    expect(a?.spec.args).toEqual(["1.10", "0x1F", "yes", "off", "1e3", "null", "2026-12-01", "~x"]);
  });

  it("declares what says nothing as if it was not there, as requests do", () => {
    const text = 'servers: {a: {image: x, args: [], env: {}, limits: {}, user: "", health: {kill_unhealthy: false}}}';
    expect(declared(parse(text)).a?.spec).toEqual({ image: "x" });
  });

  it("has servers and variables of any allowed name, those of JavaScript's own included", () => {
    const { constructor: server } = declared(
      parse("servers: {constructor: {image: x, env: {toString: a, hasOwnProperty: b}}}"),
    );
    expect(server).toEqual({
      spec: { image: "x", env: { toString: "a", hasOwnProperty: "b" } },
      start: "now",
      update: "rolling",
    });
  });

  it("takes x- keys wherever keys are fixed, and nothing in them counts unless an alias brings it in", () => {
    const text = 'x-a: &a ["${UNSET}"]\nservers: {a: {image: x, x-note: {b: 1}, limits: {x-why: c}}}\n';
    expect(declared(parse(text)).a?.spec).toEqual({ image: "x" });
    expect(onlyProblem(text.replace("x-note: {b: 1}", "args: *a"))).toMatch(
      /^1:11: servers.a.args\[0\]: the variable UNSET/,
    );
  });

  it("follows merge keys: own keys win, then the first mapping", () => {
    const text = [
      "x-a: &a {image: a, user: a}",
      "x-b: &b {image: b, user: b, working_dir: /b}",
      "servers:",
      "  s:",
      "    user: own",
      "    <<: [*a, *b]",
    ].join("\n");
    expect(declared(parse(text)).s?.spec).toEqual({ image: "a", user: "own", workingDir: "/b" });
    expect(onlyProblem(`${text}\n    <<: *a\n`)).toMatch(/^7:5: servers.s\["<<"\]: stands here twice/);
  });
});

describe("Several files", () => {
  it("merge in order: mappings by key, lists and all else by the later file", () => {
    const before =
      "servers:\n  s:\n    image: a\n    args: [1, 2]\n    env: {A: a, B: a}\n    limits: {cpus: 1, memory: 64MiB}\n  t: {image: t}\n";
    const after =
      "servers:\n  s:\n    args: [3]\n    env: {B: b}\n    limits: {memory_bytes: 8388608}\n  u: {image: u}\n";
    const { s, t, u } = declared(parse(before, after));
    expect(s?.spec).toEqual({
      image: "a",
      args: ["3"],
      env: { A: "a", B: "b" },
      limits: { cpus: 1, memoryBytes: 8_388_608 },
    });
    expect([t?.spec.image, u?.spec.image]).toEqual(["t", "u"]);
  });

  it("have one field by both of its names: the later file's counts", () => {
    const limits = (name: string, bytes: number) => `servers: {s: {image: a, limits: {${name}: ${bytes}}}}\n`;
    const size = 8_388_608;
    const texts = [limits("memory_bytes", size), limits("memory", 2 * size), limits("memory_bytes", 3 * size)];
    expect(declared(parse(...texts)).s?.spec.limits).toEqual({ memoryBytes: 3 * size });
    expect(declared(parse(...texts.slice(0, 2))).s?.spec.limits).toEqual({ memoryBytes: 2 * size });
    const merged = "x-a: &a {memory: 64MiB}\nservers: {s: {image: a, limits: {<<: *a, memory_bytes: 8388608}}}\n";
    expect(declared(parse(merged)).s?.spec.limits).toEqual({ memoryBytes: size });
  });

  it("keep the folder that a relative path starts at: that of the file in which it stands", () => {
    const before =
      "servers:\n  s: {image: a, mounts: ['./x:/x']}\n  t: {image: a, mounts: ['./x:/x']}\nsecrets: {one: {file: one}}\n";
    const after = "servers:\n  t: {mounts: [{type: bind, source: ./y, target: /y}]}\nsecrets: {two: {file: ../two}}\n";
    const result = parse(before, after);
    const { s, t } = declared(result);
    expect([s?.spec.mounts?.[0]?.source, t?.spec.mounts?.[0]?.source]).toEqual(["/a/x", "/b/y"]);
    expect("file" in result && [...result.file.secrets.values()]).toEqual([
      { kind: "file", path: "/a/one" },
      { kind: "file", path: "/two" },
    ]);
  });

  it("replace a secret's source and a network whole, of which exactly one can be given", () => {
    const before = "servers: {s: {image: a, network: {none: {}}}}\nsecrets: {one: {file: one}}\n";
    const result = parse(before, "servers: {s: {network: {bridge: {}}}}\nsecrets: {one: {env: ONE}}\n");
    expect(declared(result).s?.spec.network).toBe("bridge");
    expect("file" in result && result.file.secrets.get("one")).toEqual({ kind: "env", name: "ONE" });
  });

  it("are named by their problems: each at the file that the value came from", () => {
    const before = "servers:\n  s:\n    image: a\n    replicas: 0\n    user: 'a b'\n";
    expect(told(parse(before, "servers:\n  s: {user: c, limits: {cpus: x}}\n  t: {}\n"))).toEqual([
      "/a/a.yaml:4:15: servers.s.replicas: must be at least 1",
      '/b/b.yaml:2:31: servers.s.limits.cpus: must be a number, not "x"',
      "/b/b.yaml:3:3: servers.t.image: must be set",
    ]);
  });

  it("are all read before anything is said, and each must have servers", () => {
    expect(told(parse("servers: {a: {image: x}}", "", "servers: [\n"))).toEqual([
      '/b/b.yaml:1:1: the file is empty, as one that was cut off would be; a file for no servers has "servers: {}"',
      "/c/c.yaml:2:1: a comma or a closing bracket is missing before this",
    ]);
    expect(told(parse("servers: {a: {image: x}}", "secrets: {a: {env: A}}"))).toHaveLength(1);
    expect(Object.keys(declared(parse("servers: {a: {image: x}}", "servers: {}")))).toEqual(["a"]);
  });
});

const everything = {
  name: "demo",
  file: {
    servers: new Map<string, Declaration>([
      [
        "files",
        {
          spec: {
            image: "mcp/filesystem:latest",
            command: ["node", "server.js"],
            args: ["--port", "8080", "--root=/data", "$5"],
            env: { ALLOWED_PATHS: "/data", PORT: "0080", VERBOSE: "true", TOKEN: "t" },
            mounts: [
              { type: "bind", source: "/etc/mcpm/data", target: "/data" },
              { type: "bind", source: "/srv/files", target: "/files", writable: true },
              { type: "volume", source: "cache", target: "/cache" },
              { type: "tmpfs", target: "/scratch" },
              { type: "bind", source: "/etc/shared", target: "/shared", writable: true },
              { type: "volume", source: "state", target: "/state", uid: 1000, mode: "0700" },
              { type: "tmpfs", target: "/tmp", sizeBytes: 67_108_864 },
            ],
            limits: { cpus: 0.5, memoryBytes: 268_435_456, pids: 64 },
            network: "bridge",
            workingDir: "/data",
            user: "1000:1000",
            readOnlyRoot: true,
            capAdd: ["NET_BIND_SERVICE"],
            era: "legacy",
            pullPolicy: "never",
            restart: { policy: "on_failure", maxRestarts: 3, initialBackoffMs: 1500, maxBackoffMs: 60_000 },
            handshakeTimeoutMs: 500,
            callTimeoutMs: 5_400_000,
            labels: { team: "search" },
            health: { intervalMs: 0, timeoutMs: 5000, failureThreshold: 3 },
            idleTimeoutMs: 600_000,
            replicas: 2,
            callLimits: { maxInFlight: 8, maxQueued: 0 },
            init: false,
          },
          start: "manual",
          update: "recreate",
        },
      ],
      [
        "github",
        {
          spec: {
            image: "ghcr.io/github/github-mcp-server:v1",
            limits: { memoryBytes: 268_435_456 },
            network: "none",
            pullPolicy: "if_missing",
            secrets: { GITHUB_PERSONAL_ACCESS_TOKEN: "github_token" },
            secretFiles: { "/run/secrets/key": "key" },
          },
          start: "on_call",
          update: "rolling",
        },
      ],
    ]),
    secrets: new Map<string, unknown>([
      ["github_token", { kind: "file", path: "/etc/mcpm/secrets/github" }],
      ["key", { kind: "env", name: "KEY" }],
      ["op", { kind: "command", argv: ["op", "read", "op://vault/item"] }],
      ["own", { kind: "command", argv: ["/etc/mcpm/get-secret", "one"] }],
      ["unit", { kind: "credential", name: "key" }],
    ]),
  },
};
