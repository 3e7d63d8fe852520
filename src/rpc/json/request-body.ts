import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import {
  Code,
  type ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
} from "@connectrpc/connect";
import { type FieldViolation, invalidRequest, toManagerError } from "../../base/errors/errors.ts";
import { roundedNumber } from "../../json/inexact-number.ts";
import { repeatedMember } from "../../json/repeated-member.ts";
import { toConnectError } from "../errors/connect-error.ts";
import { jsonViolation, repeatedField, roundedField } from "./json-problem.ts";
import { readsLoosely, refuseLooseJson } from "./loose-json.ts";

/** The bytes of a JSON request that is being read: errors of the RPC library tell neither field nor rule. */
interface KeptBody {
  readonly chunks: readonly Uint8Array[];
  /** Bytes before the JSON. */
  readonly skip: number;
  /** Whether its end was seen: nothing came before that when the body is empty. */
  ended: boolean;
}

const bodyKey = createContextKey<KeptBody | undefined>(undefined, { description: "JSON request" });

const envelopeBytes = 5;

/**
 * Keeps a JSON body for as long as it is being read, and refuses one that the RPC library would read as something else:
 * bytes that are not UTF-8, a Duration with a tail, a number that it would round.
 */
export function keptJsonBody(
  body: AsyncIterable<Uint8Array>,
  { streams, input }: { readonly streams: boolean; readonly input: DescMessage },
): { body: AsyncIterable<Uint8Array>; contextValues: ContextValues } {
  const chunks: Uint8Array[] = [];
  const kept: KeptBody = { chunks, skip: streams ? envelopeBytes : 0, ended: false };
  const read = async function* () {
    const check = new Utf8Check();
    let { skip } = kept;
    for await (const chunk of body) {
      chunks.push(chunk);
      check.push(chunk.subarray(skip));
      skip = Math.max(0, skip - chunk.length);
      yield chunk;
    }
    kept.ended = true;
    check.end();
    const text = textOf(kept);
    const json = readsLoosely(input) ? parsed(text) : undefined;
    if (json !== undefined) asConnectError(() => refuseLooseJson(input, json));
    asConnectError(() => refuseRounded(text, input));
  };
  return { body: read(), contextValues: createContextValues().set(bodyKey, kept) };
}

function refuseRounded(text: string, input: DescMessage): void {
  const rounded = parsed(text) === undefined ? undefined : roundedNumber(text);
  if (rounded !== undefined) throw invalidRequest([roundedField(input, rounded)]);
}

function asConnectError(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw toConnectError(toManagerError(error));
  }
}

/** Keeps the JSON of a request that Connect has in the query. */
export function keptJsonQuery({ searchParams }: URL): ContextValues {
  const message = searchParams.get("message") ?? "";
  const json = Buffer.from(message, searchParams.get("base64") === "1" ? "base64url" : "utf8");
  return createContextValues().set(bodyKey, { chunks: [json], skip: 0, ended: true });
}

/** Throws at the first chunk that can't be UTF-8. Decodes only from the first character on that two chunks share. */
class Utf8Check {
  #decoder: TextDecoder | undefined;

  push(chunk: Uint8Array): void {
    if (this.#decoder === undefined && isUtf8(chunk)) return;
    this.#decoder ??= new TextDecoder("utf-8", { fatal: true });
    this.#decode(this.#decoder, { chunk, stream: true });
  }

  end(): void {
    if (this.#decoder !== undefined) this.#decode(this.#decoder, { chunk: new Uint8Array(), stream: false });
  }

  #decode(decoder: TextDecoder, { chunk, stream }: { chunk: Uint8Array; stream: boolean }): void {
    try {
      decoder.decode(chunk, { stream });
    } catch {
      throw toConnectError(invalidRequest([{ field: "body", description: "is not UTF-8" }]));
    }
  }
}

/** The message was read: its text is not needed any more. */
export function forgetJsonBody(values: ContextValues): void {
  values.delete(bodyKey);
}

/** Gives an error of the RPC library about a JSON request the field and the rule, when the request can be looked at. */
export function explainJsonError(error: ConnectError, context: { values: ContextValues; input: DescMessage }): void {
  const kept = context.values.get(bodyKey);
  if (error.code !== Code.InvalidArgument || error.details.length > 0 || kept === undefined) return;
  // It was refused by its headers.
  if (kept.chunks.length === 0 && !kept.ended) return;
  const better = toConnectError(invalidRequest([violationIn(textOf(kept), context.input)]));
  Object.assign(error, { rawMessage: better.rawMessage, message: better.message, details: better.details });
}

function violationIn(text: string, input: DescMessage): FieldViolation {
  const json = parsed(text);
  if (json === undefined) return { field: "body", description: "is not JSON" };
  const repeated = repeatedMember(text, json);
  return repeated === undefined ? jsonViolation(input, json) : repeatedField(input, repeated);
}

function textOf({ chunks, skip }: KeptBody): string {
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(skip));
}

/** Undefined for text that is not JSON. */
export function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
