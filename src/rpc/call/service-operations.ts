import type { DescMethod, DescService, Message, MessageShape } from "@bufbuild/protobuf";
import type { ConnectRouterOptions, ServiceImpl } from "@connectrpc/connect";
import type { Operation } from "../../operations/operation.ts";

/**
 * The operation of each RPC of a service. It does not compile when an RPC has no line, or when an operation reads a
 * field that the RPC's request lacks.
 */
export type ServiceOperations<Service extends DescService> = {
  readonly [Method in keyof Service["method"]]: Operation<MessageShape<Service["method"][Method]["input"]>>;
};

/** The operation of any RPC, whose request is the RPC's. */
export type RpcOperation = Operation<Message>;

/** The operation of an RPC of a service that is served. */
export type OperationOf = (method: DescMethod) => RpcOperation;

/** A service, its methods, and the operation of each of its RPCs. */
export interface ServedService<Service extends DescService = DescService> {
  readonly service: Service;
  readonly implementation: ServiceImpl<Service>;
  readonly operations: ServiceOperations<Service>;
  /** Of the RPC library, which then answers all of it. */
  readonly options?: Partial<ConnectRouterOptions>;
}

/** Takes any service for one among others. */
export function served<Service extends DescService>(service: ServedService<Service>): ServedService {
  return service as unknown as ServedService;
}

/**
 * Throws when an RPC of the service has no operation. What the function returns for an RPC of another service is never
 * used.
 */
export function operationsOf(services: readonly Pick<ServedService, "service" | "operations">[]): OperationOf {
  const known = new Map<DescMethod, RpcOperation>();
  for (const { service, operations } of services) {
    for (const method of service.methods) {
      const operation = operations[method.localName];
      if (operation === undefined) throw new Error(`${service.typeName}.${method.name} has no operation`);
      known.set(method, operation);
    }
  }
  return (method) => {
    const operation = known.get(method);
    if (operation === undefined) throw new Error(`${method.parent.typeName} is not served`);
    return operation;
  };
}
