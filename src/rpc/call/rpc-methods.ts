import type { DescMethodServerStreaming, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

/** A unary RPC and what answers it; the answer may lack what a message has besides its fields. */
export interface UnaryMethod {
  readonly kind: "unary";
  readonly desc: DescMethodUnary;
  readonly call: (message: Message, context: HandlerContext) => unknown;
}

/** An RPC that answers one message with many, which may lack the same. */
export interface StreamMethod {
  readonly kind: "server_streaming";
  readonly desc: DescMethodServerStreaming;
  readonly call: (message: Message, context: HandlerContext) => AsyncIterable<unknown>;
}

export type RpcMethod = UnaryMethod | StreamMethod;

/** Registers routes with a router, and gives the methods among them that take one message, by their path. */
export function rpcMethods(
  routes: (router: ConnectRouter) => void,
  router: ConnectRouter,
): ReadonlyMap<string, RpcMethod> {
  const methods = new Map<string, RpcMethod>();
  const recording: ConnectRouter = {
    handlers: router.handlers,
    service(service, implementation, options) {
      router.service(service, implementation, options);
      // What a service has options of its own for, the library alone knows.
      if (options === undefined)
        for (const [path, method] of methodsOf(service, implementation)) methods.set(path, method);
      return recording;
    },
    rpc(method, implementation, options) {
      router.rpc(method, implementation, options);
      return recording;
    },
  };
  routes(recording);
  return methods;
}

function* methodsOf<T extends DescService>(
  service: T,
  implementation: Partial<ServiceImpl<T>>,
): Generator<[string, RpcMethod]> {
  for (const desc of service.methods) {
    const kind = desc.methodKind;
    if (kind !== "unary" && kind !== "server_streaming") continue;
    const run = implementation[desc.localName as keyof ServiceImpl<T>] as RpcMethod["call"] | undefined;
    const call = run?.bind(implementation) ?? unimplemented(desc);
    yield [`/${service.typeName}/${desc.name}`, { kind, desc, call } as RpcMethod];
  }
}

function unimplemented({ parent, name }: { readonly parent: DescService; readonly name: string }) {
  return () => {
    throw new ConnectError(`${parent.typeName}.${name} is not implemented`, Code.Unimplemented);
  };
}
