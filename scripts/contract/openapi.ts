import type { DescField, DescMethod, DescService, FileRegistry } from "@bufbuild/protobuf";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { version } from "../../src/app/version.ts";
import { statusDetails } from "../../src/http/status-json.ts";
import { type Route, routes } from "../../src/rest/routes.ts";
import { codeOf } from "../../src/rpc/errors/error-code.ts";
import { type Rule, ruleOfField, ruleOfRequest } from "./field-rule.ts";
import { isRequired, type JsonSchema, JsonSchemas } from "./json-schema.ts";
import { commentOf, serviceOf } from "./read-protos.ts";

const description = `The RPCs of mcpmanager.v1.ManagerService as plain HTTP and JSON. Generated from the protos and the
route table; docs/api.md has the guide. Field names are taken in camelCase, as here, and in the proto's spelling
(\`page_size\`); answers are in camelCase. A field that is unknown or given twice is refused; null is the same as leaving
a field out. 64-bit integers come as text. Answers may get further fields: ignore those that you don't know.`;

/** The OpenAPI 3.1 document of the REST surface. */
export function openApi(protos: FileRegistry): JsonSchema {
  const service = serviceOf(protos);
  const operations = routes.map((route) => ({ route, rpc: rpcOf(service, route) }));
  const schemas = new JsonSchemas([...operations.map(({ rpc }) => rpc.output), ...statusDetails]);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const { route, rpc } of operations) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.httpMethod.toLowerCase()]: operation(route, { rpc, schemas }) });
  }
  const Status = statusSchema(schemas);
  return {
    openapi: "3.1.0",
    info: { title: "mcp-docker-manager", version, description: oneLine(description), license },
    tags: [{ name: service.name, description: commentOf(service) }],
    paths: { ...paths, ...probes() },
    components: {
      parameters: { ConnectTimeoutMs: timeoutParameter },
      responses: errorResponses(),
      schemas: sorted({ ...schemas.components, Status, Probe: probeSchema }),
    },
  };
}

const license = { name: "Apache-2.0", identifier: "Apache-2.0" };

function rpcOf(service: DescService, route: Route): DescMethod {
  const rpc = service.methods.find(({ name }) => name === route.rpc.name);
  if (rpc === undefined) throw new Error(`the protos have no RPC ${route.rpc.name}`);
  return rpc;
}

function operation(route: Route, { rpc, schemas }: { rpc: DescMethod; schemas: JsonSchemas }): JsonSchema {
  const rule = ruleOfRequest(rpc);
  const inPath = new Set(route.path.match(/(?<=\{)\w+(?=\})/g) ?? []);
  const parameters = rpc.input.fields
    .filter(({ name }) => inPath.has(name) || route.body === undefined)
    .map((field) => parameter(field, { schemas, rule, in: inPath.has(field.name) ? "path" : "query" }));
  const [summary = "", ...more] = commentOf(rpc).split("\n\n");
  return {
    operationId: rpc.localName,
    tags: [rpc.parent.name],
    summary: /^[^.]*\./.exec(summary)?.[0] ?? summary,
    description: [summary, ...more].join("\n\n"),
    parameters: [...parameters, { $ref: "#/components/parameters/ConnectTimeoutMs" }],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body, { rpc, rule, inPath, schemas }) }),
    responses: { 200: answer(rpc, schemas), ...errorReferences() },
  };
}

function parameter(field: DescField, use: { schemas: JsonSchemas; rule: Rule; in: "path" | "query" }): JsonSchema {
  return {
    name: use.in === "path" ? field.name : field.jsonName,
    in: use.in,
    description: commentOf(field),
    required: use.in === "path" || isRequired(field),
    schema: use.schemas.inputField(field, ruleOfField(use.rule, field)),
  };
}

function requestBody(
  body: string,
  { rpc, rule, inPath, schemas }: { rpc: DescMethod; rule: Rule; inPath: Set<string>; schemas: JsonSchemas },
): JsonSchema {
  if (body === "*") {
    const schema = schemas.input(rpc.input, { rule, without: inPath });
    return { required: schema.required !== undefined, content: { "application/json": { schema } } };
  }
  const field = rpc.input.fields.find(({ name }) => name === body);
  if (field === undefined) throw new Error(`${rpc.input.typeName} has no field ${body}`);
  const schema = schemas.inputField(field, ruleOfField(rule, field));
  return { description: commentOf(field), required: isRequired(field), content: { "application/json": { schema } } };
}

function answer(rpc: DescMethod, schemas: JsonSchemas): JsonSchema {
  const schema = schemas.output(rpc.output);
  if (rpc.methodKind === "unary") return { description: commentOf(rpc.output), content: json(schema) };
  const lines = 'One JSON object a line; a stream that fails ends with the line `{"error": Status}`.';
  return {
    description: `${commentOf(rpc.output)} ${lines}`,
    content: { "application/x-ndjson": { schema: { description: lines, anyOf: [schema, errorLine] } } },
  };
}

const errorLine = {
  type: "object",
  properties: { error: { $ref: "#/components/schemas/Status" } },
  required: ["error"],
};

const json = (schema: JsonSchema) => ({ "application/json": { schema } });

/** What HTTP says besides the statuses of codes (docs/api.md, Errors). */
const httpStatuses: Readonly<Record<number, string>> = {
  405: "METHOD_NOT_ALLOWED",
  408: "REQUEST_TIMEOUT",
  415: "UNSUPPORTED_MEDIA_TYPE",
  421: "HOST_NOT_ALLOWED",
  431: "HEADERS_TOO_LARGE",
  502: "SERVER_ERROR",
};

function statuses(): Map<number, string> {
  const codes = Object.entries(codeOf).filter(([kind]) => kind !== "server_error");
  const kinds = Map.groupBy(codes, ([, code]) => codeToHttpStatus(code));
  const words = [...kinds].map(([status, entries]): [number, string] => [
    status,
    entries.map(([kind]) => kind).join(", "),
  ]);
  const http = Object.entries(httpStatuses).map(([status, reason]): [number, string] => [Number(status), reason]);
  return new Map([...words, ...http].sort(([a], [b]) => a - b));
}

function errorReferences(): JsonSchema {
  return Object.fromEntries(
    [...statuses().keys()].map((status) => [status, { $ref: `#/components/responses/Error${status}` }]),
  );
}

function errorResponses(): JsonSchema {
  return Object.fromEntries(
    [...statuses()].map(([status, words]) => [
      `Error${status}`,
      { description: `An error: ${words}.`, content: json({ $ref: "#/components/schemas/Status" }) },
    ]),
  );
}

/** `google.rpc.Status`, with the details that the manager sends. */
function statusSchema(schemas: JsonSchemas): JsonSchema {
  const details = statusDetails.map((desc) => {
    const { $ref } = schemas.sparse(desc);
    const type = { "@type": { const: `type.googleapis.com/${desc.typeName}` } };
    return { allOf: [{ $ref }, { type: "object", properties: type, required: ["@type"] }] };
  });
  return {
    type: "object",
    description: "An error: `google.rpc.Status`.",
    properties: {
      code: { type: "integer", description: "The gRPC code (google.rpc.Code)." },
      message: { type: "string", description: "A sentence for people." },
      details: { type: "array", items: { oneOf: details } },
    },
    required: ["code", "message", "details"],
  };
}

const timeoutParameter = {
  name: "Connect-Timeout-Ms",
  in: "header",
  description: "The call's deadline in milliseconds.",
  required: false,
  schema: { type: "string", pattern: "^[0-9]{1,10}$" },
};

const probeSchema = {
  type: "object",
  properties: { status: { enum: ["ok", "unavailable"] }, message: { type: "string" } },
  required: ["status"],
};

function probes(): Record<string, JsonSchema> {
  const ok = { description: "It is.", content: json({ $ref: "#/components/schemas/Probe" }) };
  const get = (operationId: string, summary: string, responses: JsonSchema) => ({
    get: { operationId, tags: ["Probes"], summary, responses: { ...responses, ...errorReferences() } },
  });
  return {
    "/health": get("health", "Whether the process lives.", { 200: ok }),
    "/ready": get("ready", "Whether the engine answers and the servers that were found are taken over.", { 200: ok }),
    "/openapi.json": get("openapi", "This document.", {
      200: { description: "It.", content: json({ type: "object" }) },
    }),
  };
}

function oneLine(text: string): string {
  return text.replaceAll("\n", " ");
}

function sorted(map: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
