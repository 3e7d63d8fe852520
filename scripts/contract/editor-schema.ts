import type { DescField, DescMessage, FileRegistry } from "@bufbuild/protobuf";
import { secretNameSchema, serverNameSchema } from "../../src/base/spec/spec-schema.ts";
import { fleetName } from "../../src/config/servers-file/parse-servers-files.ts";
import { secretShape } from "../../src/config/servers-file/read-secret.ts";
import { declarationShape } from "../../src/config/servers-file/read-server.ts";
import {
  type Field,
  type ObjectShape,
  type Rule,
  ruleOf,
  type Shape,
  type WordsShape,
} from "../../src/config/servers-file/shape.ts";
import type { JsonSchema } from "./json-schema.ts";
import { commentOf } from "./read-protos.ts";

/** Any value of the file may come from a variable, which the editor does not know. */
const variable = "\\$\\{";

/** servers.yaml as JSON Schema, in draft 7, which all editors know. The keys are those that the manager reads. */
export function editorSchema(protos: FileRegistry): JsonSchema {
  const spec = protos.getMessage("mcpmanager.v1.ServerSpec");
  if (spec === undefined) throw new Error("the protos have no ServerSpec");
  const servers = {
    description: "The servers, by name. `{}` removes all of them.",
    type: "object",
    propertyNames: only(ruleOf(serverNameSchema), ["pattern"]),
    additionalProperties: { $ref: "#/definitions/server" },
  };
  const secrets = {
    description: "Secrets, by name. Servers name them in `secrets` and `secret_files`.",
    type: "object",
    propertyNames: only(ruleOf(secretNameSchema), ["pattern"]),
    additionalProperties: { $ref: "#/definitions/secret" },
  };
  const name = {
    description: "The name of the fleet, for `mcpfleet up`.",
    type: "string",
    pattern: orVariable(fleetName.source),
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "servers.yaml of mcp-docker-manager",
    ...closed({ name, servers, secrets }),
    required: ["servers"],
    definitions: {
      server: objectSchema(declarationShape(), spec),
      secret: { oneOf: oneOfEach(secretShape()) },
    },
  };
}

/** Keys of the user's own begin with `x-`. */
function closed(properties: JsonSchema): JsonSchema {
  return { type: "object", properties, patternProperties: { "^x-": {} }, additionalProperties: false };
}

function objectSchema({ fields, required }: ObjectShape, message?: DescMessage): JsonSchema {
  const properties = [...fields].map(([name, field]) => [name, fieldSchema(name, { field, message })]);
  const needed = [...fields].filter(([, { key }]) => required.includes(key)).map(([name]) => name);
  return { ...closed(Object.fromEntries(properties)), ...(needed.length === 0 ? {} : { required: needed }) };
}

/** A mapping with exactly one of these keys. */
function oneOfEach({ fields }: ObjectShape): JsonSchema[] {
  return [...fields].map(([name, field]) => {
    return { ...closed({ [name]: fieldSchema(name, { field, message: undefined }) }), required: [name] };
  });
}

function fieldSchema(
  name: string,
  { field, message }: { readonly field: Field; readonly message: DescMessage | undefined },
): JsonSchema {
  const proto = message?.fields.find((one) => field.names.includes(one.name));
  const description = descriptionOf(name, { field, proto });
  const schema = shapeSchema(field.shape, proto?.message);
  return { ...(description === "" ? {} : { description }), ...schema };
}

/** What the proto says, and after it what only the file has. */
function descriptionOf(
  name: string,
  { field, proto }: { readonly field: Field; readonly proto: DescField | undefined },
): string {
  const { shape, names } = field;
  if (name !== names[0]) return `The same as \`${names[0]}\`, by its name in the API.`;
  const text = proto === undefined ? ("rule" in shape ? (shape.rule.description ?? "") : "") : commentOf(proto);
  const form = forms[shape.kind === "list" ? shape.item.kind : shape.kind];
  return [text, form].filter((part) => part !== undefined && part !== "").join("\n\n");
}

const forms: Partial<Record<Shape["kind"], string>> = {
  duration: "Written as `500ms`, `10m` or `1h30m`.",
  size: "Written as `512KiB`, `256MiB` or `2GiB`, or in bytes.",
  network: "Written as `none` or `bridge`.",
  mount:
    "Written as `./data:/data`, `cache:/cache` or `tmpfs:/cache`, or as a mapping. A mount is read-only unless it ends with `:rw`. " +
    "A relative path starts at this file's folder.",
};

function shapeSchema(shape: Shape, message: DescMessage | undefined): JsonSchema {
  switch (shape.kind) {
    case "object":
      return objectSchema(shape, message);
    case "names":
      return {
        type: "object",
        ...only(shape.rule, ["propertyNames"]),
        additionalProperties: shapeSchema(shape.value, message),
      };
    case "list":
      return { type: "array", items: shapeSchema(shape.item, message), ...only(shape.rule, ["maxItems"]) };
    case "mount":
      return {
        anyOf: [
          { type: "string", ...written("^[^:]+:[^:]+(:r[ow])?$", mountText) },
          mountSchema(shape.object, message),
        ],
      };
    case "network":
      return { anyOf: [...wordsSchemas(shape.words), ...shape.words.words.map(chosen)] };
    case "words":
      return { anyOf: wordsSchemas(shape) };
    default:
      return scalarSchema(shape);
  }
}

const mountText = "source:target, perhaps with :ro or :rw after it, such as ./data:/data, cache:/cache or tmpfs:/cache";

/** A bind's source may be relative, which the rule of a spec does not allow. */
function mountSchema(object: ObjectShape, message: DescMessage | undefined): JsonSchema {
  const schema = objectSchema(object, message);
  const properties = schema.properties as Record<string, JsonSchema>;
  const { pattern: _, ...source } = properties.source ?? {};
  return { ...schema, properties: { ...properties, source } };
}

/** Plain words for completion; the proto's own names are known, too. */
function wordsSchemas({ words, prefix }: WordsShape): JsonSchema[] {
  const upper = words.map((word) => word.toUpperCase()).join("|");
  return [{ enum: words }, { type: "string", pattern: orVariable(`^(${prefix})?(${upper})$`) }];
}

function chosen(word: string): JsonSchema {
  return { ...closed({ [word]: { type: "object", maxProperties: 0 } }), required: [word] };
}

function scalarSchema({ kind, rule }: Extract<Shape, { rule: Rule }>): JsonSchema {
  switch (kind) {
    case "number":
      return { type: ["number", "string"], ...only(rule, ["minimum", "maximum"]), ...written("^[0-9.]+$", "a number") };
    case "boolean":
      return { type: ["boolean", "string"], ...written("^(true|false)$", "true or false") };
    case "duration":
      return {
        type: "string",
        ...written("^([0-9]+([.][0-9]+)?(ms|s|m|h))+$", "a duration such as 500ms, 10m or 1h30m"),
      };
    case "size":
      return {
        type: ["integer", "string"],
        ...only(rule, ["minimum", "maximum"]),
        ...written("^[0-9]+([.][0-9]+)?(KiB|MiB|GiB|TiB)?$", "bytes, or a size such as 512KiB, 256MiB or 2GiB"),
      };
    default: {
      const { pattern } = rule;
      // A number or a word such as `true` is taken as the text that it is.
      const text = { type: ["string", "number", "boolean"], ...only(rule, ["maxLength"]) };
      return typeof pattern === "string" ? { ...text, pattern: orVariable(pattern) } : text;
    }
  }
}

/** With what editors say of other texts; a schema has no word for it, so VS Code and its like made one up. */
function written(pattern: string, what: string): JsonSchema {
  return { pattern: orVariable(pattern), patternErrorMessage: `must be ${what}` };
}

function orVariable(pattern: string): string {
  return `${pattern}|${variable}`;
}

function only(rule: Rule, keywords: readonly (keyof Rule)[]): JsonSchema {
  return Object.fromEntries(keywords.filter((key) => rule[key] !== undefined).map((key) => [key, rule[key]]));
}
