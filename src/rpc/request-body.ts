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
import { invalidRequest } from "../errors.ts";
import { toConnectError } from "./connect-error.ts";
import { jsonViolation } from "./json-problem.ts";

/** The bytes of a JSON request that is being read: errors of the RPC library tell neither field nor rule. */
const bodyKey = createContextKey<Uint8Array[]>([], { description: "JSON request" });

const envelopeBytes = 5;

/** Keeps a JSON body for as long as it is being read, and refuses one that is not UTF-8: it would be garbled silently. */
export function keptJsonBody(
  body: AsyncIterable<Uint8Array>,
  { streams }: { readonly streams: boolean },
): { body: AsyncIterable<Uint8Array>; contextValues: ContextValues } {
  const chunks: Uint8Array[] = [];
  const read = async function* () {
    const check = new Utf8Check();
    let skip = streams ? envelopeBytes : 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      check.push(chunk.subarray(skip));
      skip = Math.max(0, skip - chunk.length);
      yield chunk;
    }
    check.end();
  };
  return { body: read(), contextValues: createContextValues().set(bodyKey, chunks) };
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
  values.get(bodyKey).length = 0;
}

/** Gives an error of the RPC library about a JSON request the field and the rule, when the request can be looked at. */
export function explainJsonError(error: ConnectError, context: { values: ContextValues; input: DescMessage }): void {
  const { values, input } = context;
  const chunks = values.get(bodyKey);
  if (error.code !== Code.InvalidArgument || error.details.length > 0 || chunks.length === 0) return;
  const json = parsed(chunks);
  const violation = json === undefined ? undefined : jsonViolation(input, json);
  const better = toConnectError(invalidRequest([violation ?? { field: "body", description: "is not JSON" }]));
  Object.assign(error, { rawMessage: better.rawMessage, message: better.message, details: better.details });
}

function parsed(chunks: readonly Uint8Array[]): JsonValue | undefined {
  const text = Buffer.concat(chunks);
  for (const message of [text, text.subarray(envelopeBytes)]) {
    try {
      return JSON.parse(message.toString("utf8")) as JsonValue;
    } catch {
      // Not this form.
    }
  }
  return undefined;
}
