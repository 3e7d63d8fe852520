// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of servers.yaml
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ServerSpecSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { protoName } from "../../../src/base/spec/proto-name.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { serverSpecSchema } from "../../../src/base/spec/spec-schema.ts";
import { parseServersFiles } from "../../../src/config/servers-file/parse-servers-files.ts";
import { declarationShape } from "../../../src/config/servers-file/read-server.ts";
import type { ObjectShape, Shape } from "../../../src/config/servers-file/shape.ts";

const path = "/etc/mcpm/servers.yaml";

function objectOf(shape: Shape): ObjectShape | undefined {
  if (shape.kind === "object") return shape;
  if (shape.kind === "mount") return shape.object;
  return shape.kind === "list" ? objectOf(shape.item) : undefined;
}

/** A message of the spec and the mapping that stands for it, with all within. */
function* pairs(message: DescMessage, object: ObjectShape): Generator<{ message: DescMessage; object: ObjectShape }> {
  yield { message, object };
  for (const field of message.fields) {
    const inner = object.fields.get(field.name);
    const innerObject = inner === undefined ? undefined : objectOf(inner.shape);
    if (field.message !== undefined && innerObject !== undefined) yield* pairs(field.message, innerObject);
  }
}

const all = [...pairs(ServerSpecSchema, declarationShape())];

describe("The keys of a server in servers.yaml", () => {
  it("are the proto's fields, in its spelling, and start and update", () => {
    expect(all.map(({ message }) => message.name)).toEqual([
      "ServerSpec",
      "Mount",
      "Limits",
      "Restart",
      "HealthCheck",
      "CallLimits",
    ]);
    for (const { message, object } of all) {
      const own = message === ServerSpecSchema ? ["start", "update"] : [];
      const names = new Set([...object.fields.values()].map(({ names }) => names.at(-1)));
      expect([...names].sort()).toEqual([...message.fields.map(({ name }) => name), ...own].sort());
    }
  });

  it("have the kinds of the proto's fields", () => {
    const kinds = all.flatMap(({ message, object }) =>
      message.fields.map((field) => [field.name, object.fields.get(field.name)?.shape.kind, kindOf(field)]),
    );
    for (const [name, kind, expected] of kinds) expect([name, kind]).toEqual([name, expected]);
  });

  it("take the proto's words, by their names there, too", () => {
    for (const { message, object } of all) {
      for (const { name, enum: desc } of message.fields) {
        const shape = object.fields.get(name)?.shape;
        if (desc === undefined || shape?.kind !== "words") continue;
        const words = shape.words.map((word) => shape.prefix + word.toUpperCase());
        expect(words.sort()).toEqual(
          desc.values
            .filter(({ number }) => number !== 0)
            .map((value) => value.name)
            .sort(),
        );
      }
    }
  });

  it("say nothing by false just where the proto can't tell false from nothing", () => {
    const implicit = all.flatMap(({ message }) => message.fields.filter(isImplicitBool).map(({ name }) => name));
    expect(implicit).toEqual(["writable", "kill_unhealthy"]);
  });
});

function isImplicitBool({ scalar, presence }: DescField): boolean {
  return scalar === ScalarType.BOOL && presence === FeatureSet_FieldPresence.IMPLICIT;
}

function kindOf(field: DescField): string {
  if (field.fieldKind === "list") return "list";
  if (field.fieldKind === "map") return "names";
  if (field.message?.name === "Duration") return "duration";
  if (field.message?.name === "Network") return "network";
  if (field.message !== undefined) return "object";
  if (field.enum !== undefined) return "words";
  if (field.scalar === ScalarType.BOOL) return "boolean";
  if (field.scalar === ScalarType.STRING) return "text";
  return field.name.endsWith("_bytes") ? "size" : "number";
}

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.constantFrom(
    "true",
    "null",
    "~",
    "0x1F",
    "a: b",
    "# a",
    "- a",
    "$",
    "$$",
    "${A}",
    "${",
    "}",
    "'",
    '"',
    " a ",
    "a\nb\n",
    "&a",
    "*a",
    "!a",
    "<<",
    "\ufeff",
    "%a",
  ),
);
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const place = fc.stringMatching(/^\/[a-z]{1,4}\/[a-z]{1,8}$/);
const seconds = fc.integer({ min: 1, max: 3_600_000 });
const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

/** Specs in the domain's spelling, as requests give them. */
const specs: fc.Arbitrary<ServerSpec> = fc
  .record({
    image: fc.stringMatching(/^[a-z]{1,8}(:[a-z0-9.]{1,8})?$/),
    command: some(fc.array(anyText, { minLength: 1, maxLength: 3 })),
    args: some(fc.array(anyText, { minLength: 1, maxLength: 3 })),
    env: some(fc.dictionary(name, anyText, { minKeys: 1, maxKeys: 3, noNullPrototype: true })),
    mounts: some(
      fc.uniqueArray(
        fc.oneof(
          fc.record({ type: fc.constant("bind" as const), source: place, target: place }),
          fc.record({
            type: fc.constant("volume" as const),
            source: fc.stringMatching(/^[a-z]{2,8}$/),
            target: place,
            writable: fc.constant(true),
          }),
          fc.record({
            type: fc.constant("tmpfs" as const),
            target: place,
            sizeBytes: fc.integer({ min: 65_536, max: 2 ** 40 }),
          }),
        ),
        { selector: ({ target }) => target, minLength: 1, maxLength: 3 },
      ),
    ),
    limits: some(
      fc.record({
        cpus: fc.constantFrom(0.01, 0.5, 3, 1e2),
        memoryBytes: fc.integer({ min: 6_291_456, max: 2 ** 50 }),
      }),
    ),
    network: some(fc.constantFrom("none" as const, "bridge" as const)),
    readOnlyRoot: some(fc.boolean()),
    era: some(fc.constantFrom("legacy" as const, "modern" as const)),
    pullPolicy: some(fc.constantFrom("if_missing" as const, "never" as const, "always" as const)),
    restart: some(
      fc.record({ policy: fc.constantFrom("never" as const, "on_failure" as const), initialBackoffMs: seconds }),
    ),
    callTimeoutMs: some(
      fc.oneof(
        seconds,
        fc.integer({ min: 1, max: 999_999 }).map((nanos) => (1e6 + nanos) / 1e6),
      ),
    ),
    labels: some(
      fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), anyText, {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
    replicas: some(fc.integer({ min: 1, max: 32 })),
    init: some(fc.boolean()),
  })
  .map((spec) => Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)))
  .map((spec) => serverSpecSchema.safeParse(spec))
  .filter(({ success }) => success)
  .map(({ data }) => data as ServerSpec);

/** As the file has it: a dollar is doubled, durations have a unit. */
function toFile(value: unknown, key = ""): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map((item) => toFile(item));
  if (typeof value === "number" && key.endsWith("Ms")) return `${value}ms`;
  if (typeof value !== "object" || value === null) return value;
  const isMap = key === "env" || key === "labels";
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [isMap ? name : protoName(name), toFile(item, isMap ? "" : name)]),
  );
}

describe("A server of servers.yaml", () => {
  it("is the spec that a request with the same fields would give", () => {
    fc.assert(
      fc.property(specs, fc.boolean(), (spec, flow) => {
        const text = stringify({ servers: { a: toFile(spec) } }, flow ? { collectionStyle: "flow", lineWidth: 0 } : {});
        expect(parseServersFiles({ files: [{ path, text }], env: {} })).toEqual({
          file: { servers: new Map([["a", { spec, start: "now", update: "rolling" }]]), secrets: new Map() },
        });
      }),
      { numRuns: 300 },
    );
  });

  it("is the same in JSON, which is YAML, too", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const text = JSON.stringify({ servers: { a: toFile(spec) } });
        const result = parseServersFiles({ files: [{ path, text }], env: {} });
        expect("file" in result && result.file.servers.get("a")?.spec).toEqual(spec);
      }),
    );
  });
});
