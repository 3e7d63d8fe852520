import { z } from "zod";
import { normalPath } from "../text/normal-path.ts";
import { engineOwned } from "./engine-place.ts";
import { clashes, notSecretFile } from "./secret-places.ts";
import type { ServerSpec } from "./spec.ts";

const maxArgBytes = 131_000;
const maxSpecBytes = 64 * 1024;
const maxEnvNames = 1024;
/** What Linux takes at the start of a program, arguments included, with a stack of the usual size. */
const maxEnvBytes = 2 * 1024 * 1024;
const maxCpus = 1024;
const hourMs = 3_600_000;

/** A Duration whose parts contradict each other comes as NaN. */
export const notDuration = "must be a Duration: nanos of up to 999,999,999, with the sign of the seconds";

/** The server names that `mcp-<name>` makes a valid container name and host label of. */
export const serverNameSchema = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/,
    "must be 1 to 48 of a-z, 0-9 and '-', not starting or ending with '-'",
  );

const argument = z
  .string()
  .refine((text) => !text.includes("\0"), "must not hold a NUL character")
  .refine((text) => Buffer.byteLength(text) <= maxArgBytes, `must have at most ${maxArgBytes} bytes`);

const absolutePath = z
  .string("must be set")
  .max(4096, { error: "must have at most 4096 characters", abort: true })
  .regex(/^\//, "must be an absolute path")
  .refine((path) => !path.includes("\0"), "must not hold a NUL character")
  .refine((path) => !path.split("/").includes(".."), "must not hold '..'")
  .overwrite(normalPath);

/** A list whose length is looked at before its items: zod would check each of a million first. */
export function listOf<Item extends z.ZodType>(item: Item, max: number) {
  const message = `must have at most ${max} entries`;
  return z.array(z.unknown()).max(max, message).pipe(z.array(item).max(max));
}

/**
 * A map whose size is looked at before its entries, as with listOf. zod leaves out the key `__proto__` of a record
 * without a word.
 */
export function mapOf<Entries extends z.ZodType>(entries: Entries, max: number) {
  const sized = z.any().superRefine((map: unknown, context) => {
    if (typeof map !== "object" || map === null) return;
    if (Object.hasOwn(map, "__proto__")) {
      context.addIssue({ code: "custom", path: ["__proto__"], message: "the name __proto__ is not possible" });
    }
    if (Object.keys(map).length > max) context.addIssue(`must have at most ${max} entries`);
  });
  return sized.pipe(entries);
}

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name must match ^[A-Za-z_][A-Za-z0-9_]*$");

const envRecord = z.record(envName, argument).superRefine((env, context) => {
  let all = 0;
  for (const [name, value] of Object.entries(env)) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
    all += bytes;
    if (bytes <= maxArgBytes) continue;
    context.addIssue({
      code: "custom",
      path: [name],
      message: `name and value must have at most ${maxArgBytes} bytes`,
    });
  }
  if (all > maxEnvBytes) context.addIssue(`must have at most ${maxEnvBytes} bytes, all names and values together`);
});

const envSchema = mapOf(envRecord, maxEnvNames);

/** What the operator calls a secret. */
export const secretNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "a secret's name must match ^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$");

const secretsSchema = mapOf(z.record(envName, secretNameSchema), 256);

const secretFilesRecord = z
  .record(z.string(), z.unknown())
  .superRefine((files, context) => {
    // One of the two would be lost: both become the same key.
    const seen = new Set<string>();
    for (const path of Object.keys(files)) {
      const message = "is the path of another one, too";
      if (seen.has(normalPath(path))) context.addIssue({ code: "custom", path: [path], message });
      seen.add(normalPath(path));
    }
  })
  .pipe(z.record(absolutePath, secretNameSchema))
  .superRefine((files, context) => {
    for (const path of Object.keys(files)) {
      const message = notSecretFile(path, Object.keys(files));
      if (message !== undefined) context.addIssue({ code: "custom", path: [path], message });
    }
  });

const secretFilesSchema = mapOf(secretFilesRecord, 64);

const target = absolutePath.superRefine((path, context) => {
  const message = engineOwned(path);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const count = (min: number, max: number) =>
  z
    .number()
    .refine(Number.isInteger, "must be an integer")
    .min(min, min === 0 ? "must not be negative" : `must be at least ${min}`)
    .max(max, `must be at most ${max}`);

const writable = z.boolean().exactOptional();
const uid = count(0, 2_147_483_647).exactOptional();
const mode = z
  .string()
  .regex(/^[01]?[0-7]{3}$/, "must be three or four octal digits, e.g. 0700")
  .exactOptional();
const only = (types: string) => z.never({ error: `must be unset but for ${types}` }).exactOptional();

const mountSchema = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      type: z.literal("bind"),
      source: absolutePath,
      target,
      writable,
      uid: only("TMPFS and VOLUME"),
      mode: only("TMPFS and VOLUME"),
      sizeBytes: only("TMPFS"),
    }),
    z.strictObject({
      type: z.literal("volume"),
      source: z
        .string("must be set")
        .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/, "must be a volume name of 2 to 128 characters"),
      target,
      writable,
      uid,
      mode,
      sizeBytes: only("TMPFS"),
    }),
    z.strictObject({
      type: z.literal("tmpfs"),
      source: z.never({ error: "must be empty for TMPFS" }).exactOptional(),
      target,
      writable,
      uid,
      mode,
      sizeBytes: count(65_536, Number.MAX_SAFE_INTEGER).exactOptional(),
    }),
  ],
  { error: "must be set: BIND, VOLUME or TMPFS" },
);

const mountsSchema = listOf(mountSchema, 64).superRefine((mounts, context) => {
  const seen = new Set<string>();
  for (const [index, { target }] of mounts.entries()) {
    if (seen.has(target)) {
      context.addIssue({ code: "custom", path: [index, "target"], message: "is the target of another mount, too" });
    }
    seen.add(target);
  }
});

const limitsSchema = z.strictObject({
  cpus: z
    .number("must be a number")
    .min(0.01, "must be at least 0.01")
    .max(maxCpus, `must be at most ${maxCpus}`)
    .exactOptional(),
  memoryBytes: z
    .number()
    .refine(Number.isInteger, "must be an integer")
    .min(6 * 1024 * 1024, "must be at least 6 MiB (6291456)")
    .max(Number.MAX_SAFE_INTEGER, "must be below 2^53")
    .exactOptional(),
  pids: count(1, 4_194_304).exactOptional(),
});

const labelsRecord = z.record(
  z
    .string()
    .min(1, "the name must not be empty")
    .max(256, "the name must have at most 256 characters")
    .refine((name) => name !== "managed-by" && !name.startsWith("mcpm."), "the name is the manager's own"),
  z.string().max(4096, "must have at most 4096 characters"),
);

const labelsSchema = mapOf(labelsRecord, 64);

const durationSchema = (maxMs: number, maxText: string) =>
  z.number(notDuration).min(1, "must be at least 1 ms").max(maxMs, `must be at most ${maxText}`);

const maxCalls = 100_000;
const callLimitsSchema = z.strictObject({
  maxInFlight: count(1, maxCalls).exactOptional(),
  maxQueued: count(0, maxCalls).exactOptional(),
});

const restartSchema = z
  .strictObject({
    policy: z.enum(["never", "on_failure", "always"], "must be NEVER, ON_FAILURE or ALWAYS").exactOptional(),
    maxRestarts: count(0, 1_000_000).exactOptional(),
    initialBackoffMs: durationSchema(hourMs, "1 h").exactOptional(),
    maxBackoffMs: durationSchema(24 * hourMs, "24 h").exactOptional(),
  })
  .refine(({ initialBackoffMs = 0, maxBackoffMs = Number.POSITIVE_INFINITY }) => initialBackoffMs <= maxBackoffMs, {
    path: ["maxBackoffMs"],
    message: "must not be shorter than initial_backoff",
  });

const healthSchema = z.strictObject({
  intervalMs: z
    .number(notDuration)
    .min(0, "must not be negative")
    .max(24 * hourMs, "must be at most 24 h")
    .exactOptional(),
  timeoutMs: durationSchema(hourMs, "1 h").exactOptional(),
  failureThreshold: count(1, 1000).exactOptional(),
  killUnhealthy: z.boolean().exactOptional(),
});

const specFields = z.strictObject({
  image: z
    .string()
    .min(1, "must be set")
    .max(512, "must have at most 512 characters")
    .regex(/^[!-~]*$/, "must be printable ASCII without spaces"),
  command: listOf(argument, 256).exactOptional(),
  args: listOf(argument, 1024).exactOptional(),
  env: envSchema.exactOptional(),
  mounts: mountsSchema.exactOptional(),
  limits: limitsSchema.exactOptional(),
  network: z.enum(["none", "bridge"], "must be none or bridge").exactOptional(),
  workingDir: absolutePath.exactOptional(),
  user: z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/,
      "must be user, uid, user:group or uid:gid",
    )
    .exactOptional(),
  readOnlyRoot: z.boolean().exactOptional(),
  capAdd: listOf(
    z.string().regex(/^(?!CAP_)[A-Z][A-Z_]{0,63}$/, "must be a capability without CAP_, e.g. NET_BIND_SERVICE"),
    64,
  ).exactOptional(),
  era: z.enum(["legacy", "modern"], "must be unset, LEGACY or MODERN").exactOptional(),
  pullPolicy: z.enum(["if_missing", "never", "always"], "must be IF_MISSING, NEVER or ALWAYS").exactOptional(),
  restart: restartSchema.exactOptional(),
  handshakeTimeoutMs: durationSchema(hourMs, "1 h").exactOptional(),
  callTimeoutMs: durationSchema(24 * hourMs, "24 h").exactOptional(),
  labels: labelsSchema.exactOptional(),
  health: healthSchema.exactOptional(),
  idleTimeoutMs: durationSchema(24 * hourMs, "24 h").exactOptional(),
  replicas: count(1, 32).exactOptional(),
  callLimits: callLimitsSchema.exactOptional(),
  init: z.boolean().exactOptional(),
  secrets: secretsSchema.exactOptional(),
  secretFiles: secretFilesSchema.exactOptional(),
});

/**
 * The rules of every field of a spec. The proto's comments say the same in words. An absent field has no key: the
 * compiler holds the schema to the domain's type, field by field. Paths come out in their normal form; nothing else
 * changes.
 */
export const serverSpecSchema = specFields.superRefine((spec, context) => {
  // A field that breaks its own rule is named alone.
  if (context.issues.length > 0) return;
  for (const { path, message } of clashes(spec)) context.addIssue({ code: "custom", path: [...path], message });
  const size = context.issues.length > 0 ? 0 : specBytes(spec);
  if (size <= maxSpecBytes) return;
  const message = `is ${size} bytes as JSON without env values; at most ${maxSpecBytes} are allowed`;
  context.addIssue({ code: "custom", message });
}) satisfies z.ZodType<ServerSpec> & { readonly shape: Record<keyof ServerSpec, unknown> };

/** A spec is kept in a label of its container, where it is canonical JSON, which has as many bytes. */
function specBytes({ env, ...rest }: ServerSpec): number {
  const blank = env === undefined ? {} : { env: Object.fromEntries(Object.keys(env).map((name) => [name, ""])) };
  return Buffer.byteLength(JSON.stringify({ ...rest, ...blank }));
}
