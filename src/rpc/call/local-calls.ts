import type { EventEmitter } from "node:events";
import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { ContextValues, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { parseTimeout } from "@connectrpc/connect/protocol-connect";
import type { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { CallWait, FarDeadlines } from "../../fleet/call-wait.ts";
import { addMissingDetails } from "../errors/connect-error.ts";
import { timeoutLeft } from "../wire/timeout-header.ts";
import { callerDeadlinePassed, callerLeft } from "./deadline-interceptor.ts";
import { invokeStream } from "./invoke-stream.ts";
import { invokeUnary } from "./invoke-unary.ts";
import type { RpcRequest } from "./rpc-call.ts";
import type { RpcMethod, StreamMethod, UnaryMethod } from "./rpc-methods.ts";

/** A caller's request, before its message is known. Its deadline, `connect-timeout-ms`, counts from here on. */
export interface OpenRequest {
  readonly header: Headers;
  /** Aborts when the caller leaves, and at its deadline. */
  readonly wait: CallWait;
  /** What there was until the deadline. */
  readonly timeoutMs: number | undefined;
  /** When it was opened, by `performance.now()`. */
  readonly sinceMs: number;
  /** Whoever opened it ends it. */
  readonly end: () => void;
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
 * are handed over as they are: protobuf's bytes would change what JSON can hold and they can't, and have limits of their own.
 */
export class LocalCalls {
  readonly #service: ServiceImpl<typeof ManagerService>;
  readonly #interceptors: readonly Interceptor[];
  readonly #farDeadlines = new FarDeadlines();

  constructor(service: ServiceImpl<typeof ManagerService>, interceptors: readonly Interceptor[]) {
    this.#service = service;
    this.#interceptors = interceptors;
  }

  /** `caller` emits `close` when the caller leaves. Throws ConnectError for a deadline that is none. */
  open(header: Headers, caller: EventEmitter): OpenRequest {
    const timeoutMs = timeoutOf(header);
    const wait = new CallWait(this.#farDeadlines);
    if (timeoutMs !== undefined) wait.limit(timeoutMs, callerDeadlinePassed);
    const onClose = () => wait.abort(callerLeft());
    caller.once("close", onClose);
    const end = () => {
      wait.end();
      caller.off("close", onClose);
    };
    return { header, wait, timeoutMs, sinceMs: performance.now(), end };
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

function requestOf({ message, values, request }: LocalCall<DescMethod>): RpcRequest {
  const { header, wait, timeoutMs, sinceMs } = request;
  return { message, header, timeoutMs: timeoutLeft(timeoutMs, sinceMs), protocolName: "rest", wait, values };
}

/** Throws what a deadline that is none is refused with. */
function timeoutOf(header: Headers): number | undefined {
  const { error, timeoutMs } = parseTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
  if (error === undefined) return timeoutMs;
  addMissingDetails(error, { begun: false });
  throw error;
}
