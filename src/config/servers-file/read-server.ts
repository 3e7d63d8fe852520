import { z } from "zod";
import type { Declaration, StartWhen, UpdateBy } from "../../base/spec/declaration.ts";
import { serverNameSchema, serverSpecSchema } from "../../base/spec/spec-schema.ts";
import { fromFolderOf, isPath } from "./mount-text.ts";
import { nearestKey } from "./nearest-key.ts";
import { Origin, placeIssues } from "./origin.ts";
import { readValue } from "./read-value.ts";
import type { Reading } from "./reading.ts";
import { type ObjectShape, shapeOf } from "./shape.ts";
import { fieldPath } from "./yaml/problem.ts";
import type { Entry } from "./yaml/tree.ts";

/** What a declaration has besides the fields of a spec. */
export const declarationSchema = z.strictObject({
  start: z
    .enum(["now", "on_call", "manual"] satisfies StartWhen[])
    .exactOptional()
    .describe(
      "When it is started. `now`: with the file. `on_call`: with the first call; until then it has no container. " +
        "`manual`: by Start alone. Default: now.",
    ),
  update: z
    .enum(["rolling", "recreate"] satisfies UpdateBy[])
    .exactOptional()
    .describe(
      "How a changed server takes the place of the one that runs. `rolling`: it answers before the other one goes, " +
        "unless a mount is writable. `recreate`: the other one stops first, and is kept until the new one answers. " +
        "Default: rolling.",
    ),
});

/** All keys of a server in the file. */
export function declarationShape(): ObjectShape {
  const spec = shapeOf(serverSpecSchema);
  const own = shapeOf(declarationSchema);
  return { kind: "object", fields: new Map([...spec.fields, ...own.fields]), required: spec.required };
}

interface ServerContext extends Reading {
  readonly shape: ObjectShape;
  /** Names of all secrets that the file declares, in order or not. */
  readonly secrets: readonly string[];
}

/** One server; undefined when it has a problem. */
export function readServer(name: string, entry: Entry, reading: ServerContext): Declaration | undefined {
  const field = fieldPath("servers", name);
  const origin = new Origin(entry.value.span, { field, key: entry.key });
  const named = serverNameSchema.safeParse(name);
  if (!named.success) {
    const rule = named.error.issues[0]?.message ?? "";
    reading.problems.add(entry.key, { field, rule: `a server's name ${rule}` });
  }
  const read = readValue(entry.value, { shape: reading.shape, origin, reading });
  if (origin.isBroken) return undefined;
  const { start = "now", update = "rolling", ...rest } = (read ?? {}) as Partial<Omit<Declaration, "spec">>;
  const checked = serverSpecSchema.safeParse(fromItsFolder(rest, origin));
  for (const { span, ...problem } of placeIssues(checked.error?.issues ?? [], origin))
    reading.problems.add(span, problem);
  checkSecrets(origin, { rest, reading });
  return checked.success && !origin.hasProblem ? { spec: checked.data, start, update } : undefined;
}

/** Sources of mounts that were written as mappings. Those of texts are absolute already. */
function fromItsFolder(spec: object, origin: Origin): object {
  if (!("mounts" in spec) || !Array.isArray(spec.mounts)) return spec;
  const mounts = spec.mounts.map((mount: Record<string, unknown> | undefined, index) => {
    const { type, source } = mount ?? {};
    if (type !== "bind" || typeof source !== "string" || !isPath(source)) return mount;
    const at = origin.children.get("mounts")?.children.get(index)?.children.get("source") ?? origin;
    return { ...mount, source: fromFolderOf(at.span.source.path, source) };
  });
  return { ...spec, mounts };
}

/** What names no secret may be its value, put in the wrong place: it is not shown. */
function checkSecrets(
  origin: Origin,
  { rest, reading }: { readonly rest: { secrets?: unknown; secretFiles?: unknown }; readonly reading: ServerContext },
): void {
  for (const key of ["secrets", "secretFiles"] as const) {
    for (const [name, secret] of Object.entries(rest[key] ?? {})) {
      const at = origin.children.get(key)?.children.get(name);
      if (at === undefined || at.isBroken || reading.secrets.includes(String(secret))) continue;
      reading.problems.add(at.span, {
        field: at.field,
        rule: "names a secret that is not declared: the key secrets at the top of the file declares them",
        nearest: () => nearestKey(String(secret), reading.secrets),
      });
      at.broken();
    }
  }
}
