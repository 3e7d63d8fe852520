import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { invalidRequest } from "../errors.ts";
import { fieldOf } from "../rpc/json-path.ts";
import { jsonViolation, repeatedField, requestJson } from "../rpc/json-problem.ts";
import { refuseLooseJson } from "../rpc/loose-json.ts";
import type { JsonBody } from "./json-body.ts";
import type { RouteMatch } from "./routes.ts";

/**
 * The request message of a REST call: fields from the path, the query and the body. Both spellings of a field's name
 * are taken. Throws `invalid` for a field that is unknown, given twice, or of the wrong type.
 */
export function requestMessage(
  match: RouteMatch,
  input: { query: URLSearchParams; body: JsonBody | undefined },
): Message {
  const { route, fields } = match;
  const { input: desc } = route.rpc;
  const [parameter] = route.httpMethod === "POST" ? input.query.keys() : [];
  if (parameter !== undefined) throw invalidRequest([{ field: parameter, description: "must be in the body" }]);
  // Without a prototype: the name `__proto__` is like any other.
  const json: JsonObject = Object.assign(Object.create(null), fieldsOfQuery(desc, input.query));
  if (route.body !== undefined && input.body !== undefined) {
    const { value, repeated } = input.body;
    if (repeated !== undefined) {
      throw invalidRequest([repeatedField(desc, route.body === "*" ? repeated : [route.body, ...repeated])]);
    }
    Object.assign(json, fieldsOfBody(route.body, value));
  }
  for (const [name, value] of Object.entries(fields)) {
    if (Object.hasOwn(json, name))
      throw invalidRequest([{ field: name, description: "is in the path and must not be given again" }]);
    json[name] = value;
  }
  refuseLooseJson(desc, json);
  try {
    return fromJson(desc, json, requestJson);
  } catch {
    throw invalidRequest([jsonViolation(desc, json)]);
  }
}

function fieldsOfBody(body: string, value: JsonValue): JsonObject {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw invalidRequest([{ field: "body", description: "must be a JSON object" }]);
  }
  return body === "*" ? value : { [body]: value };
}

/** Query values are text: what JSON has other forms for is made of it. */
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
