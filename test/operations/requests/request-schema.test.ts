import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import {
  callToolRequestSchema,
  listRequestSchema,
  logsRequestSchema,
  stopRequestSchema,
} from "../../../src/operations/requests/request-schema.ts";
import { validate } from "../../../src/operations/requests/validate.ts";

function problems(schema: Parameters<typeof validate>[0], request: unknown): string[] {
  try {
    validate(schema, request);
    return [];
  } catch (error) {
    if (!(error instanceof ManagerError)) throw error;
    return (error.details.violations ?? []).map(({ field, description }) => `${field}: ${description}`);
  }
}

const call = { server: "s", tool: "t", resultFormat: "typed", validateArguments: false };
const badKey = "idempotency_key: must have 1 to 128 characters, printable ASCII only";
const logs = { server: "s", follow: false, tail: undefined, sinceMs: undefined, sources: [], cursor: "" };

describe("the request schemas", () => {
  it.each([
    [callToolRequestSchema, call, []],
    [callToolRequestSchema, { ...call, tool: "x".repeat(256), resultFormat: "json" }, []],
    [callToolRequestSchema, { ...call, tool: "" }, ["tool: must be set"]],
    [callToolRequestSchema, { ...call, tool: "x".repeat(8193) }, ["tool: must have at most 8192 characters"]],
    [callToolRequestSchema, { ...call, tool: "\ud800" }, ["tool: must not hold an unpaired surrogate"]],
    [callToolRequestSchema, { ...call, resultFormat: "unknown (9)" }, ["result_format: must be unset, TYPED or JSON"]],
    [callToolRequestSchema, { ...call, idempotencyKey: ` ~${"x".repeat(126)}`, validateArguments: true }, []],
    [callToolRequestSchema, { ...call, idempotencyKey: "" }, [badKey]],
    [callToolRequestSchema, { ...call, idempotencyKey: "x".repeat(129) }, [badKey]],
    [callToolRequestSchema, { ...call, idempotencyKey: "é" }, [badKey]],
    [callToolRequestSchema, { ...call, idempotencyKey: "a\n" }, [badKey]],
    [listRequestSchema, { pageSize: 0, pageToken: "" }, []],
    [listRequestSchema, { pageSize: 1000, pageToken: "a2E" }, []],
    [listRequestSchema, { pageSize: 0, pageToken: "x" }, ["page_token: must be a next_page_token of the same list"]],
    [listRequestSchema, { pageSize: -1, pageToken: "" }, ["page_size: must not be negative"]],
    [listRequestSchema, { pageSize: 1001, pageToken: "" }, ["page_size: must be at most 1000"]],
    [stopRequestSchema, { name: "s", gracePeriodMs: undefined }, []],
    [stopRequestSchema, { name: "s", gracePeriodMs: 0 }, []],
    [stopRequestSchema, { name: "s", gracePeriodMs: -1 }, ["grace_period: must not be negative"]],
    [stopRequestSchema, { name: "s", gracePeriodMs: 3_600_001 }, ["grace_period: must be at most 1 h"]],
    [logsRequestSchema, logs, []],
    [logsRequestSchema, { ...logs, tail: 0, sinceMs: 0, sources: ["stderr", "lifecycle"] }, []],
    [logsRequestSchema, { ...logs, tail: -1 }, ["tail: must not be negative"]],
    [logsRequestSchema, { ...logs, sinceMs: -1 }, ["since: must not be before 1970"]],
    [logsRequestSchema, { ...logs, sources: ["stderr", "unspecified"] }, ["sources[1]: must be a known source"]],
    [logsRequestSchema, { ...logs, cursor: "c", sinceMs: 1 }, ["cursor: must be empty when since is set"]],
  ])("judge %#: %j", (schema, request, expected) => {
    expect(problems(schema, request)).toEqual(expected);
  });
});
