import { z } from "zod";
import type { SecretSource } from "../../base/spec/declaration.ts";
import { secretNameSchema } from "../../base/spec/spec-schema.ts";
import { fromFolderOf } from "./mount-text.ts";
import { Origin, placeIssues } from "./origin.ts";
import { readValue } from "./read-value.ts";
import { fail, type Reading } from "./reading.ts";
import { type ObjectShape, shapeOf } from "./shape.ts";
import { fieldPath } from "./yaml/problem.ts";
import type { Entry } from "./yaml/tree.ts";

const maxWords = 256;
const text = z
  .string()
  .min(1, "must not be empty")
  .max(4096, "must have at most 4096 characters")
  .refine((value) => !value.includes("\0"), "must not hold a NUL character");

/** Where the value of a secret is: exactly one of these. */
export const secretSourceSchema = z.strictObject({
  file: text.exactOptional().describe("A file that holds the value. A relative path starts at this file's folder."),
  env: text
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable: letters, digits and _")
    .exactOptional()
    .describe("A variable in the environment of the manager."),
  command: z
    .array(text)
    .min(1, "must have a program")
    .max(maxWords, `must have at most ${maxWords} entries`)
    .exactOptional()
    .describe("A program and its arguments, run without a shell. What it prints is the value."),
  credential: text
    .regex(/^(?!\.{1,2}$)[^/]+$/, "must be the name of a file in $CREDENTIALS_DIRECTORY, without a folder")
    .exactOptional()
    .describe("A credential that systemd gives to the manager (LoadCredential=)."),
});

type Given = z.infer<typeof secretSourceSchema>;

export function secretShape(): ObjectShape {
  return shapeOf(secretSourceSchema);
}

/** One secret; undefined when it has a problem. Its value is read by nobody here. */
export function readSecret(
  name: string,
  entry: Entry,
  reading: Reading & { readonly secretShape: ObjectShape },
): SecretSource | undefined {
  const origin = new Origin(entry.value.span, { field: fieldPath("secrets", name), key: entry.key });
  const named = secretNameSchema.safeParse(name);
  if (!named.success) {
    reading.problems.add(entry.key, { field: origin.field, rule: named.error.issues[0]?.message ?? "" });
  }
  const known = reading.problems.count;
  const read = readValue(entry.value, { shape: reading.secretShape, origin, reading });
  if (reading.problems.count > known) return undefined;
  if (origin.children.size !== 1) {
    return fail(
      { origin, reading },
      "must say where its value is, by one of {file: …}, {env: …}, {command: […]}, {credential: …}",
    );
  }
  const checked = secretSourceSchema.safeParse(read ?? {});
  for (const { span, ...problem } of placeIssues(checked.error?.issues ?? [], origin))
    reading.problems.add(span, problem);
  if (!checked.success) return undefined;
  return sourceOf(checked.data, origin) ?? fail({ origin, reading }, "must not be empty");
}

function sourceOf({ file, env, command, credential }: Given, origin: Origin): SecretSource | undefined {
  const at = origin.children.values().next().value ?? origin;
  if (file !== undefined) return { kind: "file", path: fromFolderOf(at.span.source.path, file) };
  if (env !== undefined) return { kind: "env", name: env };
  if (credential !== undefined) return { kind: "credential", name: credential };
  const [program, ...args] = command ?? [];
  if (program === undefined) return undefined;
  // A program without a folder is looked up on the PATH.
  const path = program.includes("/") ? fromFolderOf(at.span.source.path, program) : program;
  return { kind: "command", argv: [path, ...args] };
}
