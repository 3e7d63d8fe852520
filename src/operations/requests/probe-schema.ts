import { z } from "zod";

/** A request of grpc.health.v1: "" is the manager, `server/<name>` a server. */
export const healthRequestSchema = z.strictObject({ service: z.string() });

const text = z.string().max(1024, "must have at most 1024 characters");

/** A request of server reflection. No name of ours is longer, and the response has the whole request in it. */
export const reflectRequestSchema = z.strictObject({
  host: text,
  fileByFilename: text.optional(),
  fileContainingSymbol: text.optional(),
  fileContainingExtension: z.looseObject({}).optional(),
  allExtensionNumbersOfType: text.optional(),
  listServices: text.optional(),
});
