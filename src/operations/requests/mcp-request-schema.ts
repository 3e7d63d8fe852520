import { z } from "zod";
import { mapOf, serverNameSchema } from "../../base/spec/spec-schema.ts";
import { logLevels } from "../../mcp/protocol/log-level.ts";
import { maxUriChars } from "../../mcp/protocol/name-limits.ts";
import { fitForParams, jsonChars, tooLargeForParams } from "../../mcp/protocol/params-limit.ts";
import { mcpNameSchema as name, requestStateSchema, wellFormed } from "./request-schema.ts";

const maxArguments = 1024;

const uri = wellFormed.min(1, "must be set").max(maxUriChars, `must have at most ${maxUriChars} characters`);
const resultFormat = z.enum(["typed", "json"], "must be unset, TYPED or JSON");

const argumentsSchema = mapOf(
  z
    .record(wellFormed, wellFormed)
    .refine((map) => textsFit([...Object.keys(map), ...Object.values(map)]), tooLargeForParams),
  maxArguments,
);

function textsFit(texts: readonly string[]): boolean {
  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  return fitForParams(chars, () => texts.reduce((sum, text) => sum + jsonChars(text), 0));
}

export const readResourceRequestSchema = z.strictObject({
  server: serverNameSchema,
  uri,
  resultFormat,
  requestState: requestStateSchema.optional(),
});

export const subscribeResourceRequestSchema = z.strictObject({ server: serverNameSchema, uri });

export const getPromptRequestSchema = z.strictObject({
  server: serverNameSchema,
  prompt: name,
  arguments: argumentsSchema,
  resultFormat,
  requestState: requestStateSchema.optional(),
});

export const completeRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    prompt: name.optional(),
    resourceTemplate: uri.optional(),
    argumentName: name,
    argumentValue: wellFormed.max(65_536, "must have at most 65,536 characters"),
    contextArguments: argumentsSchema,
  })
  .refine(({ prompt, resourceTemplate }) => (prompt === undefined) !== (resourceTemplate === undefined), {
    path: ["ref"],
    message: "must be set: prompt or resource_template",
  });

export const setLogLevelRequestSchema = z.strictObject({
  server: serverNameSchema,
  level: z.enum(logLevels, "must be set: DEBUG to EMERGENCY"),
});
