import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { ManagerError } from "../../../src/base/errors/errors.ts";
import {
  completeRequestSchema,
  getPromptRequestSchema,
  readResourceRequestSchema,
  setLogLevelRequestSchema,
  subscribeResourceRequestSchema,
} from "../../../src/operations/requests/mcp-request-schema.ts";
import { validate } from "../../../src/operations/requests/validate.ts";

/** The fields that break a rule. */
function wrong(schema: z.ZodType, request: object): string[] {
  try {
    validate(schema, { server: "s", ...request });
  } catch (error) {
    return ((error as ManagerError).details.violations ?? []).map(({ field }) => field);
  }
  return [];
}

const read = { uri: "a:b", resultFormat: "typed", requestState: undefined };
const prompt = { prompt: "p", arguments: { a: "" }, resultFormat: "json", requestState: "x" };
const completion = { prompt: "p", argumentName: "a", argumentValue: "", contextArguments: {} };
const many = Object.fromEntries(Array.from({ length: 1025 }, (_, index) => [`a${index}`, ""]));

describe("The rules of requests about resources, prompts, completions and the log level", () => {
  it.each([
    [readResourceRequestSchema, read],
    [subscribeResourceRequestSchema, { uri: "x".repeat(8192) }],
    [getPromptRequestSchema, prompt],
    [completeRequestSchema, completion],
    [completeRequestSchema, { ...completion, prompt: undefined, resourceTemplate: "a:{b}" }],
    [setLogLevelRequestSchema, { level: "emergency" }],
  ])("take what is right", (schema, request) => {
    expect(wrong(schema, request)).toEqual([]);
  });

  it.each([
    [readResourceRequestSchema, { ...read, uri: "" }, "uri"],
    [readResourceRequestSchema, { ...read, uri: "\ud800" }, "uri"],
    [readResourceRequestSchema, { ...read, requestState: "\ud800" }, "request_state"],
    [readResourceRequestSchema, { ...read, resultFormat: "unknown (7)" }, "result_format"],
    [subscribeResourceRequestSchema, { uri: "x".repeat(8193) }, "uri"],
    [getPromptRequestSchema, { ...prompt, prompt: "" }, "prompt"],
    [getPromptRequestSchema, { ...prompt, arguments: { a: "\ud800" } }, 'arguments["a"]'],
    [getPromptRequestSchema, { ...prompt, arguments: { "\ud800": "" } }, 'arguments["\\ud800"]'],
    [getPromptRequestSchema, { ...prompt, arguments: JSON.parse('{"__proto__":"a"}') }, 'arguments["__proto__"]'],
    [getPromptRequestSchema, { ...prompt, arguments: many }, "arguments"],
    [completeRequestSchema, { ...completion, prompt: undefined }, "ref"],
    [completeRequestSchema, { ...completion, prompt: "" }, "prompt"],
    [completeRequestSchema, { ...completion, prompt: undefined, resourceTemplate: "" }, "resource_template"],
    [completeRequestSchema, { ...completion, argumentName: "" }, "argument_name"],
    [completeRequestSchema, { ...completion, argumentValue: "x".repeat(65_537) }, "argument_value"],
    [completeRequestSchema, { ...completion, contextArguments: { a: "\ud800" } }, 'context_arguments["a"]'],
    [setLogLevelRequestSchema, { level: undefined }, "level"],
    [setLogLevelRequestSchema, { level: "unknown (99)" }, "level"],
  ])("name the field that is wrong", (schema, request, field) => {
    expect(wrong(schema, request)).toEqual([field]);
  });
});
