import type { DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

/** A unary RPC and what answers it; the answer may lack what a message has besides its fields. */
export interface UnaryMethod {
  readonly desc: DescMethodUnary;
  readonly call: (message: Message, context: HandlerContext) => unknown;
}

/** Registers routes with a router, and gives the unary methods among them by their path. */
export function unaryMethods(
  routes: (router: ConnectRouter) => void,
  router: ConnectRouter,
): ReadonlyMap<string, UnaryMethod> {
  const methods = new Map<string, UnaryMethod>();
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
): Generator<[string, UnaryMethod]> {
  for (const desc of service.methods) {
    if (desc.methodKind !== "unary") continue;
    const run = implementation[desc.localName as keyof ServiceImpl<T>] as UnaryMethod["call"] | undefined;
    const call = run?.bind(implementation) ?? unimplemented(desc);
    yield [`/${service.typeName}/${desc.name}`, { desc: desc as DescMethodUnary, call }];
  }
}

function unimplemented({ parent, name }: { readonly parent: DescService; readonly name: string }) {
  return () => {
    throw new ConnectError(`${parent.typeName}.${name} is not implemented`, Code.Unimplemented);
  };
}
