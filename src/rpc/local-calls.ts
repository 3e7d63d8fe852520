import { create, type DescMethodServerStreaming, type DescMethodUnary, type Message } from "@bufbuild/protobuf";
import {
  type ContextValues,
  createHandlerContext,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { parseTimeout } from "@connectrpc/connect/protocol-connect";
import type { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { addMissingDetails } from "./connect-error.ts";

type AnyFn = ReturnType<Interceptor>;
type Impl = (message: Message, context: HandlerContext) => unknown;

export interface LocalCall<Rpc> {
  readonly rpc: Rpc;
  readonly message: Message;
  /** `connect-timeout-ms` is the call's deadline. */
  readonly header: Headers;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
  readonly contextValues?: ContextValues;
}

/**
 * Calls of ManagerService from within this process, behind the same interceptors as those of every protocol. Messages
 * are handed over as they are: protobuf's bytes would change what JSON can hold and they can't, and have limits of their own.
 * Throws ConnectError.
 */
export class LocalCalls {
  readonly #service: ServiceImpl<typeof ManagerService>;
  readonly #interceptors: readonly Interceptor[];

  constructor(service: ServiceImpl<typeof ManagerService>, interceptors: readonly Interceptor[]) {
    this.#service = service;
    this.#interceptors = interceptors;
  }

  async unary(call: LocalCall<DescMethodUnary>): Promise<Message> {
    const { rpc, message } = call;
    using opened = openContext(call);
    const request = { ...opened.request, message, stream: false } as UnaryRequest;
    const run = async (req: UnaryRequest) => ({
      ...opened.response,
      stream: false,
      message: create(rpc.output, (await this.#impl(rpc)(req.message, opened.contextOf(req))) as Message),
    });
    const answer = await this.#intercepted(run as AnyFn)(request);
    return answer.message as Message;
  }

  async *stream(call: LocalCall<DescMethodServerStreaming>): AsyncGenerator<Message> {
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

/** What interceptors and handler see of a call; disposing it ends its deadline. */
function openContext({ rpc, header, signal, contextValues }: LocalCall<DescMethodUnary | DescMethodServerStreaming>) {
  const timeout = parseTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
  if (timeout.error !== undefined) {
    addMissingDetails(timeout.error, { begun: false });
    throw timeout.error;
  }
  const url = `http://localhost/${rpc.parent.typeName}/${rpc.name}`;
  const context = createHandlerContext({
    service: rpc.parent,
    method: rpc,
    protocolName: "rest",
    requestMethod: "POST",
    url,
    ...(timeout.timeoutMs === undefined ? {} : { timeoutMs: timeout.timeoutMs }),
    requestSignal: signal,
    requestHeader: header,
    ...(contextValues === undefined ? {} : { contextValues }),
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
    contextOf: (req: UnaryRequest | StreamRequest): HandlerContext => ({ ...context, signal: req.signal }),
    [Symbol.dispose]: () => context.abort(),
  };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
