import type { JsonValue } from "@bufbuild/protobuf";
import type { AbortSource } from "../base/async/abort-source.ts";
import { invalidRequest, ManagerError } from "../base/errors/errors.ts";
import { roundedNumber } from "../json/inexact-number.ts";
import { type JsonPath, repeatedMember } from "../json/repeated-member.ts";
import { refuseManyValues } from "../rpc/bounds/request-values.ts";
import { tooLargeText } from "../rpc/errors/connect-error.ts";
import type { NodeRequest } from "../server/handlers/node-handler.ts";
import { bodyOf } from "../server/requests/node-body.ts";
import { bodyRead } from "../server/requests/whole-body.ts";
import type { Transfer } from "../server/responses/transfer-budget.ts";

export interface JsonBody {
  readonly value: JsonValue;
  readonly bytes: number;
  /** The first member that its object has twice. */
  readonly repeated: JsonPath | undefined;
  /** The first number that is not what was written any more. */
  readonly rounded: JsonPath | undefined;
}

export interface JsonBodyOptions {
  readonly maxRequestBytes: number;
  readonly unsent: Transfer;
  readonly signal: AbortSource;
}

/**
 * The JSON of a request's body; undefined when it is empty. Throws `invalid` for another content type
 * (UNSUPPORTED_MEDIA_TYPE), broken JSON or too many values, RESOURCE_EXHAUSTED for a larger body than allowed, and the
 * signal's reason when it aborts before the body's end.
 */
export async function readJsonBody(
  request: NodeRequest,
  { maxRequestBytes, unsent, signal }: JsonBodyOptions,
): Promise<JsonBody | undefined> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw unsupportedMedia(`the body must not be packed (Content-Encoding: ${encoding.slice(0, 100)})`);
  }
  const { bytes: body, whole } = await bodyRead(request, { maxBytes: maxRequestBytes, unsent, signal });
  if (!whole) throw tooLarge(maxRequestBytes);
  if (body.length === 0) return undefined;
  if (!jsonInUtf8.test(request.headers["content-type"] ?? "")) {
    throw unsupportedMedia("the body must have the content type application/json, in UTF-8");
  }
  refuseManyValues([body]);
  return parse(body);
}

/** Throws `invalid` when a request has a body that takes none. */
export async function refuseBody(request: NodeRequest): Promise<void> {
  for await (const _chunk of bodyOf(request)) {
    throw invalidRequest([{ field: "body", description: "must be empty: this route takes its fields in the query" }]);
  }
}

const jsonInUtf8 = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes that are not UTF-8 are refused: replaced, they would reach a tool as something else. */
function parse(body: Buffer): JsonBody {
  try {
    const text = utf8.decode(body);
    const value = JSON.parse(text) as JsonValue;
    return { value, bytes: body.length, repeated: repeatedMember(text, value), rounded: roundedNumber(text) };
  } catch (error) {
    throw invalidRequest([{ field: "body", description: `is not JSON: ${(error as Error).message}` }]);
  }
}

function unsupportedMedia(message: string): ManagerError {
  return new ManagerError("invalid", message, {
    details: { reason: "UNSUPPORTED_MEDIA_TYPE", delivery: "not_sent" },
  });
}

function tooLarge(maxBytes: number): ManagerError {
  return new ManagerError("too_much", tooLargeText(maxBytes), {
    details: { reason: "MESSAGE_TOO_LARGE", delivery: "not_sent" },
  });
}
