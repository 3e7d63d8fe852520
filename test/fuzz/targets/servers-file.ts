import assert from "node:assert/strict";
import fc from "fast-check";
import { serverSpecSchema } from "../../../src/base/spec/spec-schema.ts";
import { parseServersFiles } from "../../../src/config/servers-file/parse-servers-files.ts";
import { problemText } from "../../../src/config/servers-file/yaml/problem.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: variables of servers.yaml
const scalars = [
  ...[
    "x",
    "mcp/time:1",
    "10m",
    "256MiB",
    "600",
    "0.5",
    "-1",
    "1e999",
    "true",
    "null",
    "~",
    '""',
    "'a",
    '"a',
    "|",
    ">-",
    "never",
  ],
  ...[
    "${A}",
    "${A:-b}",
    "${B:-${A}}",
    "${C:?why}",
    "$$",
    "$",
    "${",
    "./data:/data:rw",
    "tmpfs:/t",
    "*a",
    "&a x",
    "!!str 1",
  ],
  ...["{}", "[]", "{none: {}}", "[a, b]", "{<<: *a}", "# c", "@", "%", "`", "---", "..."],
];
const keys = [
  ...[
    "servers",
    "secrets",
    "name",
    "x-a",
    "a",
    "b",
    "image",
    "args",
    "env",
    "mounts",
    "limits",
    "memory",
    "memory_bytes",
  ],
  ...[
    "network",
    "restart",
    "policy",
    "health",
    "interval",
    "idle_timeout",
    "replicas",
    "secret_files",
    "start",
    "file",
  ],
  ...["__proto__", "constructor", "<<", "imgae", '"a\\nb"', "?", "8080"],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: variables of servers.yaml

/** Lines that are indented more or less as YAML wants it. */
const line = fc
  .record({
    indent: fc.nat(4),
    dash: fc.boolean(),
    key: fc.option(fc.constantFrom(...keys)),
    value: fc.option(fc.oneof(fc.constantFrom(...scalars), fc.string({ unit: "binary", maxLength: 8 }))),
  })
  .map(({ indent, dash, key, value }) => {
    return `${"  ".repeat(indent)}${dash ? "- " : ""}${key === null ? "" : `${key}: `}${value ?? ""}`;
  });
const head = fc.constantFrom(
  "",
  "servers:\n",
  "servers:\n  a:\n",
  "servers:\n  a:\n    image: x\n",
  "x-a: &a {b: c}\nservers:\n",
);
const text = fc.tuple(head, fc.array(line, { maxLength: 20 })).map(([start, lines]) => start + lines.join("\n"));

const files = ["/a/servers.yaml", "/b/more.yaml"];

/**
 * Texts: two files. They declare servers that a request could ask for, with secrets that are declared; or all that is
 * wrong is told, in lines of their own, at places that the files have. An alias brings nothing that grows beyond bounds.
 */
export const serversFile: FuzzTarget = {
  name: "servers-file",
  shape: "fixed",
  cases: fc.tuple(text, fc.oneof({ arbitrary: fc.constant("servers: {}\n"), weight: 3 }, text)),
  dictionary: [...keys.map((key) => `${key}: `), ...scalars, "\n", "\r\n", "\t", "  ", "\ufeff", "\u2028", "\ud800"],
  check(texts) {
    const given = files.map((path, index) => ({ path, text: texts[index] ?? "" }));
    const result = parseServersFiles({ files: given, env: { A: "aaa", B: "" } });
    if ("problems" in result) {
      assert.ok(result.problems.length > 0);
      for (const problem of result.problems) checkProblem(problem, given);
      return;
    }
    const { servers, secrets } = result.file;
    for (const { spec, start, update } of servers.values()) {
      assert.deepEqual(serverSpecSchema.parse(spec), spec);
      assert.ok(["now", "on_call", "manual"].includes(start) && ["rolling", "recreate"].includes(update));
      const named = [...Object.values(spec.secrets ?? {}), ...Object.values(spec.secretFiles ?? {})];
      assert.ok(named.every((secret) => secrets.has(secret)));
    }
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  },
};

function checkProblem(
  problem: Parameters<typeof problemText>[0],
  given: readonly { readonly path: string; readonly text: string }[],
): void {
  assert.ok(!/[\n\r\u2028]/.test(problemText(problem)));
  assert.ok(problem.rule !== "" && !problem.rule.includes("undefined"));
  const lines = given.find(({ path }) => path === problem.file)?.text.split("\n");
  assert.ok(lines !== undefined && problem.line >= 1 && problem.line <= lines.length);
  // The end of a line is a place, too.
  assert.ok(problem.column >= 1 && problem.column <= (lines[problem.line - 1]?.length ?? 0) + 1);
}
