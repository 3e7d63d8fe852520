import type { EventEmitter } from "node:events";
import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { ContextValues, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { parseTimeout } from "@connectrpc/connect/protocol-connect";
import type { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { CallWait, FarDeadlines } from "../../fleet/call-wait.ts";
import { addMissingDetails } from "../errors/connect-error.ts";
import { timeoutLeft } from "../wire/timeout-header.ts";
import { callerLeft } from "./deadline-interceptor.ts";
import { invokeStream } from "./invoke-stream.ts";
import { invokeUnary } from "./invoke-unary.ts";
import type { RpcRequest } from "./rpc-call.ts";
import type { RpcMethod, StreamMethod, UnaryMethod } from "./rpc-methods.ts";

export interface LocalCall<Rpc extends DescMethod> {
  readonly rpc: Rpc;
  readonly message: Message;
  /** `connect-timeout-ms` is the call's deadline. */
  readonly header: Headers;
  /** When the call came, by `performance.now()`: its deadline counts from there. */
  readonly sinceMs: number;
  /** Emits `close` when the caller leaves. */
  readonly caller: EventEmitter;
  /** Default: none. */
  readonly values?: ContextValues;
}

/**
 * Calls of ManagerService from within this process, behind the same interceptors as those of every protocol. Messages
 * are handed over as they are: protobuf's bytes would change what JSON can hold and they can't, and have limits of their own.
 * Throws ConnectError.
 */
export class LocalCalls {
  readonly #service: ServiceImpl<typeof ManagerService>;
  readonly #interceptors: readonly Interceptor[];
  readonly #farDeadlines = new FarDeadlines();

  constructor(service: ServiceImpl<typeof ManagerService>, interceptors: readonly Interceptor[]) {
    this.#service = service;
    this.#interceptors = interceptors;
  }

  async unary(call: LocalCall<DescMethodUnary>): Promise<Message> {
    const method: UnaryMethod = { kind: "unary", desc: call.rpc, call: this.#impl<UnaryMethod>(call.rpc) };
    const { request, end } = this.#open(call);
    try {
      const { message } = await invokeUnary({ ...request, method }, this.#interceptors);
      return message;
    } finally {
      end();
    }
  }

  async *stream(call: LocalCall<DescMethodServerStreaming>): AsyncGenerator<Message> {
    const method: StreamMethod = { kind: "server_streaming", desc: call.rpc, call: this.#impl<StreamMethod>(call.rpc) };
    const { request, end } = this.#open(call);
    try {
      const { message } = await invokeStream({ ...request, method }, this.#interceptors);
      yield* message as AsyncIterable<Message>;
    } finally {
      end();
    }
  }

  /** `end` ends the request's deadline. Not a disposable literal, which costs a call more than all else here. */
  #open({ message, header, sinceMs, caller, values }: LocalCall<DescMethod>) {
    const timeoutMs = timeoutLeft(timeoutOf(header), sinceMs);
    const wait = new CallWait(this.#farDeadlines);
    const onClose = () => wait.abort(callerLeft());
    caller.once("close", onClose);
    const request: RpcRequest = { message, header, timeoutMs, protocolName: "rest", wait, values };
    const end = () => {
      wait.end();
      caller.off("close", onClose);
    };
    return { request, end };
  }

  #impl<Method extends RpcMethod>({ localName }: DescMethod): Method["call"] {
    return this.#service[localName as keyof ServiceImpl<typeof ManagerService>] as Method["call"];
  }
}

/** Throws what a deadline that is none is refused with. */
function timeoutOf(header: Headers): number | undefined {
  const { error, timeoutMs } = parseTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
  if (error === undefined) return timeoutMs;
  addMissingDetails(error, { begun: false });
  throw error;
}
