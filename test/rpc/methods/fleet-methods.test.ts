import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CallToolRequestSchema, CallToolStreamRequestSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { features } from "../../../src/rpc/methods/fleet-methods.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

describe("The features that GetInfo names", () => {
  // Words stay: a line may be added here, none taken away.
  it.each(["idempotency_key", "validate_arguments"])("have %s", (word) => {
    expect(features).toContain(word);
  });

  it.each(features)("%s is a field of both ways to call a tool", (word) => {
    for (const { fields } of [CallToolRequestSchema, CallToolStreamRequestSchema]) {
      expect(fields.map(({ name }) => name)).toContain(word);
    }
  });

  it.each(features)("%s is named in the comment of the field", (word) => {
    const [, comment = ""] =
      /((?: {2}\/\/ [^\n]*\n)+) {2}repeated string features = 6;/.exec(read("proto/mcpmanager/v1/manager.proto")) ?? [];
    expect(comment).toContain(`\`${word}\``);
  });
});
