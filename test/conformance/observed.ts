import { create, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Definition, ErrorDefinition, Header } from "./definitions.ts";

/** Makes the service's responses of what it saw. The descriptors are the runner's own. */
export class Observed {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** A RequestInfo of the requests, and with a context of how they were sent. */
  info(requests: readonly Message[], context?: HandlerContext): Message {
    const packed = requests.map((request) => anyPack(this.#schema(request.$typeName), request));
    const schema = this.#schema("connectrpc.conformance.v1.ConformancePayload.RequestInfo");
    return create(schema, { requests: packed, ...(context === undefined ? {} : sent(context)) });
  }

  /** The error that a definition asks for; `seen` goes along as a detail. */
  error(definition: ErrorDefinition, seen?: Message): ConnectError {
    const error = new ConnectError(definition.message ?? "", definition.code);
    for (const { typeUrl, value } of definition.details) {
      error.details.push({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value });
    }
    if (seen !== undefined) error.details.push({ desc: this.#schema(seen.$typeName), value: seen });
    return error;
  }

  #schema(typeName: string): DescMessage {
    const schema = this.#registry.getMessage(typeName);
    if (schema === undefined) throw new Error(`the conformance protos lack ${typeName}`);
    return schema;
  }
}

function sent({ requestHeader, requestMethod, timeoutMs, url }: HandlerContext): Record<string, unknown> {
  const timeout = timeoutMs();
  const query = requestMethod === "GET" ? { queryParams: headersOf(new URL(url).searchParams) } : undefined;
  return {
    requestHeaders: headersOf(requestHeader),
    ...(timeout === undefined ? {} : { timeoutMs: BigInt(Math.ceil(timeout)) }),
    ...(query === undefined ? {} : { connectGetInfo: query }),
  };
}

function headersOf(pairs: Iterable<[string, string]>): Header[] {
  return Array.from(pairs, ([name, value]) => ({ name, value: [value] }));
}

/** Sets the headers and trailers that a definition asks for. */
export function setMetadata({ responseHeader, responseTrailer }: HandlerContext, definition?: Definition): void {
  const append = (to: Headers, from: readonly Header[] = []) => {
    for (const { name, value } of from) for (const one of value) to.append(name, one);
  };
  append(responseHeader, definition?.responseHeaders);
  append(responseTrailer, definition?.responseTrailers);
}
