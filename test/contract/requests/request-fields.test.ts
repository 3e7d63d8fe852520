// Every field of every request has its rule, and a comment that says it. The descriptors say which fields there are, so
// that one which is added without its rule fails here.
import type { DescField, JsonValue, Message } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { type Rule, ruleOfField, ruleOfItems, ruleOfRequest } from "../../../scripts/contract/field-rule.ts";
import { isRequired } from "../../../scripts/contract/json-schema.ts";
import { commentOf, readProtos } from "../../../scripts/contract/read-protos.ts";
import { routes } from "../../../src/rest/routes.ts";
import { hostileProcessSpec, TestManager } from "../../e2e/test-manager.ts";
import { type Ask, askers, messageAsker, messageOf, rpcNamed } from "../ask.ts";
import { isAbout, type RequestField, requestFields, whyUnbreakable } from "./request-field.ts";
import { keysOf, withoutPath, withPath } from "./set-path.ts";
import { type Breakable, breakable } from "./violations.ts";

let manager: TestManager;
let withoutLean: TestManager;
let ask: Record<"gRPC" | "Connect" | "REST", Ask>;
let askLibrary: typeof ask;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  withoutLean = await TestManager.start({ MCPM_RUNTIME: "process" }, { fastPath: false });
  for (const { client } of [manager, withoutLean]) await client.start({ name: "h", spec: hostileProcessSpec() });
  ask = askers(manager.url);
  askLibrary = askers(withoutLean.url);
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await withoutLean[Symbol.asyncDispose]();
});

const fields = requestFields(await readProtos());
const title = ({ rpc, path }: RequestField) => `${rpc.name} ${path}`;
const titled = (those: readonly RequestField[]) => those.map((field) => [title(field), field] as const);

const rows = Object.entries(breakable).flatMap(([rpc, { sound, violations }]) =>
  violations.map((violation) => ({ rpc, sound, violation, what: `${rpc} ${violation[0]} = ${short(violation[1])}` })),
);

describe("The table of violations", () => {
  it("has a value that breaks each field, but for bools and messages", () => {
    const isCovered = (field: RequestField) =>
      breakable[field.rpc.name]?.violations.some(([path, , blamed]) => isAbout(blamed ?? path, field));
    const missing = fields.filter(({ field }) => whyUnbreakable(field) === undefined);
    expect(missing.filter((field) => !isCovered(field)).map(title)).toEqual([]);
  });

  it("names no field that is not there", () => {
    const unknown = rows.filter(
      ({ rpc, violation: [path, , blamed] }) =>
        !fields.some((field) => field.rpc.name === rpc && isAbout(blamed ?? path, field)),
    );
    expect(unknown.map(({ what }) => what)).toEqual([]);
  });

  it("is asked over REST, too: every RPC has a route", () => {
    const routed = new Set(routes.map(({ rpc }) => rpc.name));
    expect(ManagerService.methods.map(({ name }) => name).filter((name) => !routed.has(name))).toEqual([]);
  });
});

describe("A request is INVALID_ARGUMENT and names the field, over gRPC, Connect and REST, with", () => {
  it.each(rows)("$what", async ({ rpc, sound, violation: [path, value, blamed = path] }) => {
    const request = withPath(withoutSiblings(rpc, { sound, path }), path, value);
    const expected = { code: Code.InvalidArgument, reason: "INVALID_REQUEST", fields: [blamed] };
    const metadata = expect.objectContaining({ delivery: "not_sent" });
    for (const protocol of ["gRPC", "Connect", "REST"] as const) {
      if (protocol === "REST" && emptyInPath(rpc, { path, value })) continue;
      for (const [by, asked] of Object.entries({ manager: ask, library: askLibrary })) {
        const failure = await asked[protocol](rpc, request);
        expect({ protocol, by, ...failure }).toMatchObject({ protocol, by, ...expected, metadata });
      }
    }
  });

  const times = fields.filter(({ field }) => /^(?:Duration|Timestamp)$/.test(field.message?.name ?? ""));
  it.each(titled(times))(
    "%s, whose nanos are out of range, which only the binary form can say",
    async (_title, { rpc, path, field }) => {
      const sound = withPath(
        soundOf(rpc.name),
        path,
        field.message?.name === "Duration" ? "1s" : "2026-01-01T00:00:00Z",
      );
      for (const nanos of [1_000_000_000, -1]) {
        const message = messageOf(rpc.input, sound);
        Object.assign(at(message, path), { nanos });
        const failure = await messageAsker(createGrpcTransport({ baseUrl: manager.url }))(rpc.name, message);
        expect(failure).toMatchObject({ code: Code.InvalidArgument, fields: [path] });
      }
    },
  );
});

describe("A field that is Required by its comment", () => {
  const required = fields.filter(({ field }) => isRequired(field));

  it.each(titled(required))("is missed when it is left out: %s", async (_title, { rpc, path }) => {
    const place = path.replaceAll("[]", "[0]");
    const failure = await ask.gRPC(rpc.name, withoutPath(soundOf(rpc.name), place));
    expect(failure).toMatchObject({ code: Code.InvalidArgument, fields: [place] });
  });

  it.each(Object.entries(breakable))("is the only kind that %s needs", async (rpc, { sound }) => {
    const optional = fields.filter(({ rpc: { name }, field }) => name === rpc && !isNeeded(field));
    const needed = optional.reduce(
      (request, { path }) => (path.includes("[]") ? request : without(request, path)),
      sound,
    );
    const code = await ask.gRPC(rpc, needed).then(
      ({ reason }) => reason,
      () => "none",
    );
    expect(code).not.toBe("INVALID_REQUEST");
  });
});

describe("A comment", () => {
  const bounded = fields.flatMap((field) => boundsOf(field).map((bound) => ({ what: title(field), field, bound })));

  it.each(bounded)("says the rule of $what: $bound.0 $bound.1", ({ field: { field }, bound: [, value] }) => {
    const comment = commentOf(field);
    expect(
      spellings(field.message === undefined ? value : undefined, value).some((text) => comment.includes(text)),
      comment,
    ).toBe(true);
  });
});

function isNeeded(field: DescField): boolean {
  return isRequired(field) || (field.oneof !== undefined && isRequired(field.oneof));
}

/** Of the fields of a oneof only the one at the path. */
function withoutSiblings(
  name: string,
  { sound, path }: { sound: Breakable["sound"]; path: string },
): Breakable["sound"] {
  const chosen = rpcNamed(name).input.fields.find((field) => field.name === keysOf(path)[0]);
  const siblings = chosen?.oneof?.fields.filter((field) => field !== chosen) ?? [];
  return siblings.reduce((request, field) => withoutPath(request, field.name), sound);
}

function soundOf(rpc: string): Breakable["sound"] {
  return breakable[rpc]?.sound ?? {};
}

function without(request: Breakable["sound"], path: string): Breakable["sound"] {
  const known = keysOf(path)
    .slice(0, -1)
    .reduce<JsonValue | undefined>((place, key) => (place as Breakable["sound"])?.[key], { ...request });
  return known === undefined ? request : withoutPath(request, path);
}

/** A path segment can't be empty: there is no such route. */
function emptyInPath(name: string, { path, value }: { path: string; value: JsonValue }): boolean {
  return value === "" && routes.some(({ rpc, path: route }) => rpc.name === name && route.includes(`{${path}}`));
}

function at(message: Message, path: string): object {
  const { input } = { input: message as unknown as Record<string, unknown> };
  return keysOf(path).reduce<unknown>(
    (place, key) => (place as Record<string, unknown>)[camel(String(key))],
    input,
  ) as object;
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

/** The bounds that the schema knows of a field. */
function boundsOf({ rpc, path }: RequestField): [keyword: string, value: number][] {
  let rule: Rule | undefined = ruleOfRequest(rpcNamed(rpc.name));
  let message = rpc.input;
  for (const key of keysOf(path)) {
    const field = message.fields.find(({ name }) => name === key);
    if (field === undefined) continue;
    rule = ruleOfField(rule, field);
    if (field.message === undefined) break;
    message = field.message;
    if (field.fieldKind === "list") rule = path.endsWith(`${field.name}[]`) ? rule : ruleOfItems(rule);
    if (field.fieldKind === "map") rule = path.endsWith(field.name) ? rule : ruleOfItems(rule);
  }
  const keywords = ["maxLength", "maxItems", "minimum", "maximum"] as const;
  return keywords.flatMap((keyword): [string, number][] => {
    const value = rule?.[keyword];
    return typeof value === "number" && value !== Number.MAX_SAFE_INTEGER ? [[keyword, value]] : [];
  });
}

/** How a comment may write a bound: 3,600,000 of a Duration's milliseconds are 1 h. */
function spellings(plain: number | undefined, value: number): string[] {
  if (plain !== undefined) return [String(plain), plain.toLocaleString("en-US")];
  return [String(value), `${value} ms`, `${value / 1000} s`, `${value / 60_000} min`, `${value / 3_600_000} h`];
}

function short(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 30)}… (${text.length})` : text;
}
