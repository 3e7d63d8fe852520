import { ManagerError } from "../../../base/errors/errors.ts";
import type { Era } from "../../../base/spec/spec.ts";
import { truncateUtf8 } from "../../../base/text/truncate.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import { arrayElements } from "../../../json/json-members.ts";
import { JsonSyntaxError } from "../../../json/json-scan.ts";
import type { InputRequiredRequest } from "./input-required-params.ts";

/** As messages, more would take seconds and gigabytes. */
const maxValues = 100_000;

/** The result of a request in whose course the server may ask for input, before its parts are parsed. */
export interface InputRequiredResult {
  /** The result object as the server wrote it, byte for byte. */
  readonly json: string;
  readonly kind: "complete" | "input_required";
  /** What the server wants to have back with the responses. Only `input_required`. */
  readonly requestState?: string;
}

/** What any such result may have besides its own parts; empty where there is none. */
export interface InputRequiredRest {
  /** What the server asks for, an object by its own keys. */
  readonly inputRequestsJson: string;
  /** The fields that have no place, as JSON. */
  readonly extraJson: string;
}

/** A result's text, of a server of which era, and what it is called in errors. */
export interface ResultOf {
  readonly json: string;
  readonly era: Era;
  readonly what: string;
}

/**
 * Tells a result by its fields. Throws `protocol` when it is of a kind that the era does not have (MCP revision
 * 2026-07-28, basic/index, ResultType).
 */
export function inputRequiredResult(fields: JsonFields, { json, era, what }: ResultOf): InputRequiredResult {
  // Before there were kinds, the field was any other.
  const kind = era === "legacy" ? "complete" : kindOf(fields, what);
  const requestState = kind === "complete" ? undefined : given(fields, "requestState");
  return { json, kind, ...(requestState === undefined ? {} : { requestState: stateOf(fields, what) }) };
}

/**
 * What a result has besides the parts that were placed. A known field with a value that its place can't hold is there,
 * too.
 */
export function restOf(
  fields: JsonFields,
  { kind, placed }: { kind: InputRequiredResult["kind"]; placed: readonly string[] },
) {
  const all = new Set(placed);
  if (fields.string("resultType") === kind) all.add("resultType");
  const asked = kind === "input_required" ? ["inputRequests", "requestState"] : [];
  for (const name of asked) if (given(fields, name) !== undefined) all.add(name);
  const inputRequestsJson = all.has("inputRequests") ? (given(fields, "inputRequests") ?? "") : "";
  return { inputRequestsJson, extraJson: fields.rest(all) } satisfies InputRequiredRest;
}

/** One of a result's lists. */
export interface ListField {
  readonly elements: readonly string[];
  /** Its name; empty when the server gave something else than a list, which `restOf` then has. */
  readonly placed: readonly string[];
}

/**
 * The elements of one of the result's lists; none when it is absent, null (as Go writes an empty slice) or not a list:
 * the tool ran, and its result has other parts. Throws `too_much` for 100,000 values.
 */
export function listField(fields: JsonFields, name: string): ListField {
  const list = fields.raw(name);
  if (!list?.startsWith("[")) return { elements: [], placed: [] };
  try {
    return { elements: arrayElements(list, { maxValues }), placed: [name] };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // The text was proven before.
    const message = `the result's ${name} has more than ${maxValues} values: ask for RESULT_FORMAT_JSON`;
    throw new ManagerError("too_much", message, { details: { reason: "RESULT_TOO_LARGE", delivery: "answered" } });
  }
}

/** Null is an empty one. Throws `protocol` for a result that is not an object. */
export function resultFields(json: string, what: string): JsonFields {
  const fields = JsonFields.of(json === "null" ? "{}" : json);
  if (fields === undefined) throw malformedResult(what, "it is not an object of at most 10,000 members");
  return fields;
}

/** A result of a server that MCP does not allow. */
function malformedResult(what: string, problem: string): ManagerError {
  return new ManagerError("protocol", `the server's ${what} breaks MCP: ${problem}`, {
    details: { reason: "MALFORMED_RESULT", delivery: "answered" },
  });
}

/**
 * Tells the result of a request of the caller's. Throws what `inputRequiredResult` throws, and `not_running` when the
 * server asks for input that the caller does not know of.
 */
export function resultOf(request: InputRequiredRequest, of: ResultOf): InputRequiredResult {
  const result = inputRequiredResult(resultFields(of.json, of.what), of);
  if (result.kind === "input_required" && request.clientCapabilitiesJson === undefined) throw inputRequired();
  return result;
}

/** The error of a call whose server asks for input that the caller did not declare. */
export function inputRequired(): ManagerError {
  const message =
    "the server asks for input before it goes on: set client_capabilities_json to what the caller can give, and repeat the call";
  return new ManagerError("not_running", message, { details: { reason: "INPUT_REQUIRED", delivery: "answered" } });
}

function kindOf(fields: JsonFields, what: string): InputRequiredResult["kind"] {
  const raw = given(fields, "resultType");
  const kind = raw === undefined ? "complete" : fields.string("resultType");
  if (kind === "complete" || kind === "input_required") return kind;
  throw malformedResult(what, `its resultType is ${truncateUtf8(raw ?? "", { maxBytes: 64, keep: "start" })}`);
}

/** A field as it was written. Null is none. */
function given(fields: JsonFields, name: string): string | undefined {
  const raw = fields.raw(name);
  return raw === "null" ? undefined : raw;
}

function stateOf(fields: JsonFields, what: string): string {
  const state = fields.string("requestState");
  if (state === undefined) throw malformedResult(what, "its requestState is not a string");
  if (!state.isWellFormed())
    throw malformedResult(what, "its requestState holds an unpaired surrogate, which nobody can give back");
  return state;
}
