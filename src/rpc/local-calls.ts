import type { EventEmitter } from "node:events";
import type { DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import {
  type ContextValues,
  createHandlerContext,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
  type StreamRequest,
} from "@connectrpc/connect";
import { parseTimeout } from "@connectrpc/connect/protocol-connect";
import type { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { CallWait, FarDeadlines } from "../fleet/call-wait.ts";
import { addMissingDetails } from "./connect-error.ts";
import { callerLeft } from "./deadline-interceptor.ts";
import { invokeUnary } from "./invoke-unary.ts";
import type { UnaryMethod } from "./rpc-methods.ts";
import { timeoutLeft } from "./timeout-header.ts";

type AnyFn = ReturnType<Interceptor>;
type Impl = UnaryMethod["call"];

const protocolName = "rest";

export interface LocalCall<Rpc> {
  readonly rpc: Rpc;
  readonly message: Message;
  /** `connect-timeout-ms` is the call's deadline. */
  readonly header: Headers;
}

export interface LocalUnary extends LocalCall<DescMethodUnary> {
  /** When the call came, by `performance.now()`: its deadline counts from there. */
  readonly sinceMs: number;
  /** Emits `close` when the caller leaves. */
  readonly caller: EventEmitter;
}

export interface LocalStream extends LocalCall<DescMethodServerStreaming> {
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
  readonly contextValues: ContextValues;
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

  async unary(call: LocalUnary): Promise<Message> {
    const { rpc, message, header, sinceMs, caller } = call;
    const timeoutMs = timeoutLeft(timeoutOf(header), sinceMs);
    const method: UnaryMethod = { kind: "unary", desc: rpc, call: this.#impl(rpc) };
    const wait = new CallWait(this.#farDeadlines);
    const onClose = () => wait.abort(callerLeft());
    caller.once("close", onClose);
    try {
      const unary = { method, message, header, timeoutMs, protocolName, wait };
      const answer = await invokeUnary(unary, this.#interceptors);
      return answer.message;
    } finally {
      wait.end();
      caller.off("close", onClose);
    }
  }

  async *stream(call: LocalStream): AsyncGenerator<Message> {
    const { rpc, message } = call;
    using opened = openContext(call);
    const request = { ...opened.request, message: once(message), stream: true } as StreamRequest;
    const run = async (req: StreamRequest) => ({
      ...opened.response,
      stream: true,
      message: this.#impl(rpc)(message, opened.contextOf(req)),
    });
    const answer = await this.#intercepted(run as AnyFn)(request);
    yield* answer.message as AsyncIterable<Message>;
  }

  #impl({ localName }: { readonly localName: string }): Impl {
    return this.#service[localName as keyof ServiceImpl<typeof ManagerService>] as Impl;
  }

  #intercepted(run: AnyFn): AnyFn {
    return this.#interceptors.reduceRight((next, interceptor) => interceptor(next), run);
  }
}

/** Throws what a deadline that is none is refused with. */
function timeoutOf(header: Headers): number | undefined {
  const { error, timeoutMs } = parseTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
  if (error === undefined) return timeoutMs;
  addMissingDetails(error, { begun: false });
  throw error;
}

/** What interceptors and handler see of a call; disposing it ends its deadline. */
function openContext(call: LocalStream) {
  const { rpc, header, signal, contextValues } = call;
  const timeoutMs = timeoutOf(header);
  const url = `http://localhost/${rpc.parent.typeName}/${rpc.name}`;
  const context = createHandlerContext({
    service: rpc.parent,
    method: rpc,
    protocolName,
    requestMethod: "POST",
    url,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    requestSignal: signal,
    requestHeader: header,
    contextValues,
  });
  const common = { service: rpc.parent, method: rpc };
  return {
    request: {
      ...common,
      url,
      requestMethod: "POST",
      signal: context.signal,
      header: context.requestHeader,
      contextValues: context.values,
    },
    response: { ...common, header: context.responseHeader, trailer: context.responseTrailer },
    contextOf: (req: StreamRequest): HandlerContext => ({ ...context, signal: req.signal }),
    [Symbol.dispose]: () => context.abort(),
  };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
