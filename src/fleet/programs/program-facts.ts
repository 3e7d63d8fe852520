import { z } from "zod";

/** A process that took initialize: its container in the engine, and when it started. */
const processSchema = z.object({ id: z.string(), startTimeMs: z.number() });

const infoSchema = z.object({
  era: z.enum(["legacy", "modern"]),
  protocolVersion: z.string(),
  serverName: z.string(),
  serverVersion: z.string(),
  instructions: z.string(),
  capabilitiesJson: z.string(),
});

const factsSchema = z.object({
  /** Of the form; what another version wrote is not read. */
  version: z.literal(1),
  /** When the first of it was learnt, in milliseconds of the wall clock. */
  sinceMs: z.number(),
  era: z.enum(["legacy", "modern"]).optional(),
  answersProbe: z.boolean().default(false),
  diesOfProbe: z.boolean().default(false),
  exitsOnSecondInitialize: z.boolean().default(false),
  /** Who it said that it is, at its last handshake. */
  info: infoSchema.optional(),
  /** Its processes that are in conversation in the legacy era, the newest first. */
  greeted: z.array(processSchema).default([]),
});

/** What is known of a program. */
export type ProgramFacts = z.infer<typeof factsSchema>;

/** A program whose files change under it (a mount, a volume) is asked anew after so long. */
const maxAgeMs = 30 * 24 * 3600 * 1000;

export function noFacts(nowMs: number): ProgramFacts {
  return factsSchema.parse({ version: 1, sinceMs: nowMs });
}

/**
 * Reads what `JSON.stringify` made of facts. Undefined: they are too old to count. Throws when it is something else.
 */
export function readFacts(text: string, nowMs: number): ProgramFacts | undefined {
  const facts = factsSchema.parse(JSON.parse(text));
  return Math.abs(nowMs - facts.sinceMs) <= maxAgeMs ? facts : undefined;
}
