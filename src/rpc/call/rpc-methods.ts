import type { DescMethodServerStreaming, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { ServedService } from "./service-operations.ts";

/**
 * A unary RPC and its method, whose response is the fields of a message, with or without the rest of a message object.
 */
export interface UnaryMethod {
  readonly kind: "unary";
  readonly desc: DescMethodUnary;
  readonly call: (message: Message, context: HandlerContext) => unknown;
}

/** A server-streaming RPC and its method, whose messages are given in the same way. */
export interface StreamMethod {
  readonly kind: "server_streaming";
  readonly desc: DescMethodServerStreaming;
  readonly call: (message: Message, context: HandlerContext) => AsyncIterable<unknown>;
}

export type RpcMethod = UnaryMethod | StreamMethod;

/**
 * The methods of these services that take one message, by their path, without those that the RPC library serves by
 * itself.
 */
export function rpcMethods(services: readonly ServedService[]): ReadonlyMap<string, RpcMethod> {
  const own = services.filter(({ options }) => options === undefined);
  return new Map(own.flatMap((served) => [...methodsOf(served)]));
}

function* methodsOf({ service, implementation }: ServedService): Generator<[string, RpcMethod]> {
  for (const desc of service.methods) {
    const kind = desc.methodKind;
    if (kind !== "unary" && kind !== "server_streaming") continue;
    const run = implementation[desc.localName] as RpcMethod["call"] | undefined;
    const call = run?.bind(implementation) ?? unimplemented(desc);
    yield [`/${service.typeName}/${desc.name}`, { kind, desc, call } as RpcMethod];
  }
}

function unimplemented({ parent, name }: { readonly parent: DescService; readonly name: string }) {
  return () => {
    throw new ConnectError(`${parent.typeName}.${name} is not implemented`, Code.Unimplemented);
  };
}
