import { z } from "zod";
import { listOf, mapOf, notDuration, serverNameSchema, serverSpecSchema } from "../../base/spec/spec-schema.ts";
import { maxNameChars } from "../../mcp/protocol/name-limits.ts";
import { fitForParams, jsonChars, tooLargeForParams } from "../../mcp/protocol/params-limit.ts";
import { isPageToken, notPageToken } from "./page.ts";

/** The year 10,000, which no Timestamp reaches. */
const endOfTimeMs = 253_402_300_800_000;

const pageSize = z.number().int().min(0, "must not be negative").max(1000, "must be at most 1000");
// Before a server is asked for its list in vain.
const pageToken = z
  .string()
  .max(1024, { error: "must have at most 1024 characters", abort: true })
  .refine((token) => isPageToken(token), notPageToken);

export const wellFormed = z.string().refine((text) => text.isWellFormed(), "must not hold an unpaired surrogate");

/** The `request_state` of a server that asked for input. */
export const requestStateSchema = wellFormed.refine(
  (text) => fitForParams(text.length, () => jsonChars(text)),
  tooLargeForParams,
);

export const startRequestSchema = z.strictObject({ name: serverNameSchema, spec: serverSpecSchema.optional() });

export const stopRequestSchema = z.strictObject({
  name: serverNameSchema,
  gracePeriodMs: z.number(notDuration).min(0, "must not be negative").max(3_600_000, "must be at most 1 h").optional(),
});

const maxServers = 1000;

export const applyRequestSchema = z.strictObject({
  set: serverNameSchema.refine((set) => set !== "file" && set !== "api", "is the manager's own: choose another name"),
  servers: mapOf(
    z.record(
      serverNameSchema,
      z.strictObject({
        spec: serverSpecSchema,
        update: z.enum(["rolling", "recreate"], "must be unset, ROLLING or RECREATE").optional(),
      }),
    ),
    maxServers,
  ),
  prune: z.boolean(),
  takeOver: z.boolean(),
  dryRun: z.boolean(),
  expectedPlanDigest: z.string().max(128, "must have at most 128 characters"),
});

export const getRequestSchema = z.strictObject({ name: serverNameSchema });

export const listRequestSchema = z.strictObject({ pageSize, pageToken });

/** A page of what a server lists, of whatever kind. */
export const listingRequestSchema = z.strictObject({ server: serverNameSchema, pageSize, pageToken });

/** A name of a server's own: one that is longer is not listed either. */
export const mcpNameSchema = wellFormed
  .min(1, "must be set")
  .max(maxNameChars, `must have at most ${maxNameChars} characters`);

export const callToolRequestSchema = z.strictObject({
  server: serverNameSchema,
  tool: mcpNameSchema,
  resultFormat: z.enum(["typed", "json"], "must be unset, TYPED or JSON"),
  requestState: requestStateSchema.optional(),
  idempotencyKey: z
    .string()
    .regex(/^[ -~]{1,128}$/, "must have 1 to 128 characters, printable ASCII only")
    .optional(),
  validateArguments: z.boolean(),
});

const messageBytes = "must be 0, or 65536 to 1073741824";

export const callToolStreamRequestSchema = callToolRequestSchema.extend({
  maxMessageBytes: z
    .number()
    .int()
    .min(0, messageBytes)
    .max(1_073_741_824, messageBytes)
    .refine((bytes) => bytes === 0 || bytes >= 65_536, messageBytes),
});

export const logsRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    follow: z.boolean(),
    tail: z.number().int().min(0, "must not be negative").optional(),
    sinceMs: z
      .number("must be a Timestamp: nanos of 0 to 999,999,999")
      .min(0, "must not be before 1970")
      .lt(endOfTimeMs, "must not be after the year 9999")
      .optional(),
    sources: listOf(z.enum(["stderr", "stdout", "mcp", "lifecycle"], "must be a known source"), 16),
    cursor: z.string().max(1024, "must have at most 1024 characters"),
  })
  .refine((request) => request.cursor === "" || request.sinceMs === undefined, {
    path: ["cursor"],
    message: "must be empty when since is set",
  });
