import type { EventEmitter } from "node:events";
import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { ContextValues, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { parseTimeout } from "@connectrpc/connect/protocol-connect";
import type { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { CallContext, OpenCall } from "../../operations/call-context.ts";
import { callerLeft } from "../../operations/call-end.ts";
import { addMissingDetails } from "../errors/connect-error.ts";
import { invokeStream } from "./invoke-stream.ts";
import { invokeUnary } from "./invoke-unary.ts";
import type { RpcRequest } from "./rpc-call.ts";
import type { RpcMethod, StreamMethod, UnaryMethod } from "./rpc-methods.ts";
import type { OperationOf } from "./service-operations.ts";

/** A caller's request, before its message is known. */
export interface OpenRequest {
  readonly header: Headers;
  /** Aborts when the caller leaves, and at its deadline, `connect-timeout-ms`, which counts from the opening on. */
  readonly call: CallContext;
  /** To be called by the one that opened it. */
  readonly end: () => void;
}

export interface LocalCallsOptions {
  readonly interceptors: readonly Interceptor[];
  readonly openCall: OpenCall;
  readonly operationOf: OperationOf;
}

/** What a caller is. */
export interface LocalCaller {
  /** Emits `close` when the caller leaves. */
  readonly leaving: EventEmitter;
  readonly connection: object | undefined;
}

export interface LocalCall<Rpc extends DescMethod> {
  readonly rpc: Rpc;
  readonly message: Message;
  readonly request: OpenRequest;
  /** Default: none. */
  readonly values?: ContextValues;
}

/**
 * Calls of ManagerService from within this process, behind the same interceptors as those of every protocol. Messages
 * are handed over as they are: protobuf's bytes would change what JSON can hold and they can't, and have limits of
 * their own.
 */
export class LocalCalls {
  readonly #service: ServiceImpl<typeof ManagerService>;
  readonly #interceptors: readonly Interceptor[];
  readonly #openCall: OpenCall;
  readonly operationOf: OperationOf;

  constructor(service: ServiceImpl<typeof ManagerService>, { interceptors, openCall, operationOf }: LocalCallsOptions) {
    this.#service = service;
    this.#interceptors = interceptors;
    this.#openCall = openCall;
    this.operationOf = operationOf;
  }

  /** Throws ConnectError for a deadline that is not valid. */
  open(header: Headers, { leaving, connection }: LocalCaller): OpenRequest {
    const call = this.#openCall({ headers: header, connection, timeoutMs: timeoutOf(header) });
    const onClose = () => call.wait.abort(callerLeft());
    leaving.once("close", onClose);
    const end = () => {
      call.wait.end();
      leaving.off("close", onClose);
    };
    return { header, call, end };
  }

  /** Throws ConnectError. */
  async unary(call: LocalCall<DescMethodUnary>): Promise<Message> {
    const method: UnaryMethod = { kind: "unary", desc: call.rpc, call: this.#impl<UnaryMethod>(call.rpc) };
    const { message } = await invokeUnary({ ...requestOf(call), method }, this.#interceptors);
    return message;
  }

  /** Throws ConnectError. */
  async *stream(call: LocalCall<DescMethodServerStreaming>): AsyncGenerator<Message> {
    const method: StreamMethod = { kind: "server_streaming", desc: call.rpc, call: this.#impl<StreamMethod>(call.rpc) };
    const { message } = await invokeStream({ ...requestOf(call), method }, this.#interceptors);
    yield* message as AsyncIterable<Message>;
  }

  #impl<Method extends RpcMethod>({ localName }: DescMethod): Method["call"] {
    return this.#service[localName as keyof ServiceImpl<typeof ManagerService>] as Method["call"];
  }
}

function requestOf({ message, values, request: { header, call } }: LocalCall<DescMethod>): RpcRequest {
  return { message, header, protocolName: "rest", call, values };
}

/** Throws what a deadline that is not valid is refused with. */
function timeoutOf(header: Headers): number | undefined {
  const { error, timeoutMs } = parseTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
  if (error === undefined) return timeoutMs;
  addMissingDetails(error, { begun: false });
  throw error;
}
