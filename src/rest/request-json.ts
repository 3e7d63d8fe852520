import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { invalidRequest } from "../base/errors/errors.ts";
import type { JsonPath } from "../json/repeated-member.ts";
import { refuseCostlyJson } from "../rpc/bounds/costly-json.ts";
import { fieldOf } from "../rpc/json/json-path.ts";
import { jsonViolation, repeatedField, requestJson, roundedField } from "../rpc/json/json-problem.ts";
import { refuseLooseJson } from "../rpc/json/loose-json.ts";
import type { JsonBody } from "./json-body.ts";
import type { Route, RouteMatch } from "./routes.ts";

interface Input {
  readonly query: URLSearchParams;
  readonly body: JsonBody | undefined;
}

/**
 * The request message of a REST call: fields from the path, the query and the body. Both spellings of a field's name
 * are taken. Throws `invalid` for a field that is unknown, given twice, or of the wrong type.
 */
export function requestMessage({ route, fields }: RouteMatch, input: Input): Message {
  const { input: desc } = route.rpc;
  const json = route.httpMethod === "POST" ? fieldsOfPost(route, input) : fieldsOfQuery(desc, input.query);
  for (const [name, value] of Object.entries(fields)) {
    if (Object.hasOwn(json, name))
      throw invalidRequest([{ field: name, description: "is in the path and must not be given again" }]);
    json[name] = value;
  }
  refuseCostlyJson(desc, json, { bytes: input.body?.bytes ?? 0 });
  refuseLooseJson(desc, json);
  try {
    return fromJson(desc, json, requestJson);
  } catch {
    throw invalidRequest([jsonViolation(desc, json)]);
  }
}

function fieldsOfPost({ rpc, body }: Route, input: Input): JsonObject {
  for (const name of input.query.keys()) throw invalidRequest([{ field: name, description: "must be in the body" }]);
  if (body === undefined || input.body === undefined) return {};
  const { value, repeated, rounded } = input.body;
  const pathOf = (path: JsonPath) => (body === "*" ? path : [body, ...path]);
  if (repeated !== undefined) throw invalidRequest([repeatedField(rpc.input, pathOf(repeated))]);
  if (rounded !== undefined) throw invalidRequest([roundedField(rpc.input, pathOf(rounded))]);
  return fieldsOfBody(body, value);
}

function fieldsOfBody(body: string, value: JsonValue): JsonObject {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw invalidRequest([{ field: "body", description: "must be a JSON object" }]);
  }
  return body === "*" ? value : { [body]: value };
}

/** Query values are text: booleans and numbers are made from it, as JSON has them. */
function fieldsOfQuery(desc: DescMessage, query: URLSearchParams): JsonObject {
  const json: JsonObject = {};
  for (const name of new Set(query.keys())) {
    const field = fieldOf(desc, name);
    if (field === undefined) throw invalidRequest([{ field: name, description: "is not a parameter of this route" }]);
    const values = query.getAll(name).map((text) => queryValue(field, text));
    if (field.fieldKind !== "list" && values.length > 1) {
      throw invalidRequest([{ field: name, description: "must be given once" }]);
    }
    json[name] = field.fieldKind === "list" ? values : (values[0] ?? null);
  }
  return json;
}

function queryValue(field: DescField, text: string): JsonValue {
  if (field.scalar !== ScalarType.BOOL) return text;
  if (text === "true" || text === "1" || text === "") return true;
  if (text === "false" || text === "0") return false;
  throw invalidRequest([{ field: field.name, description: "must be true or false" }]);
}
