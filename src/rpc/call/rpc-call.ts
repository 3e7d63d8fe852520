import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import type { CallContext } from "../../operations/call-context.ts";
import { ResponseHeaders } from "../headers/response-headers.ts";
import { withCall } from "./call-key.ts";

/** A request of one message, by whichever protocol. */
export interface RpcRequest {
  readonly message: Message;
  readonly header: Headers;
  readonly protocolName: string;
  /** Aborted when the caller leaves. Ended by the one that opened it. */
  readonly call: CallContext;
  /** Default: none. */
  readonly values?: ContextValues | undefined;
  /** What the handler sets, for a protocol that sends it with an error, too. */
  readonly response?: { readonly header: Headers; readonly trailer: Headers };
}

export interface RpcCall<Method extends { readonly desc: DescMethod }> extends RpcRequest {
  readonly method: Method;
}

export type AnyFn = ReturnType<Interceptor>;

/** What the RPC library would tell a handler of its call. */
export class RpcContext implements HandlerContext {
  readonly method: DescMethod;
  readonly service: DescService;
  readonly requestMethod = "POST";
  readonly url: string;
  readonly protocolName: string;
  readonly signal: AbortSignal;
  readonly requestHeader: Headers;
  readonly responseHeader: Headers;
  readonly responseTrailer: Headers;
  readonly values: ContextValues;

  readonly timeoutMs: () => number | undefined;

  constructor(request: RpcCall<{ readonly desc: DescMethod }>) {
    const { call } = request;
    const { desc } = request.method;
    this.method = desc;
    this.service = desc.parent;
    this.url = `http://localhost/${desc.parent.typeName}/${desc.name}`;
    this.protocolName = request.protocolName;
    this.signal = call.wait.signal;
    this.requestHeader = request.header;
    this.responseHeader = request.response?.header ?? new ResponseHeaders();
    this.responseTrailer = request.response?.trailer ?? new ResponseHeaders();
    this.values = withCall(request.values ?? createContextValues(), call);
    this.timeoutMs = () => call.timeoutLeftMs;
  }

  /** What interceptors are told of the call, but for its message. */
  get request() {
    const { service, requestMethod, url, signal, requestHeader: header, values: contextValues } = this;
    return { service, requestMethod, url, signal, header, contextValues };
  }

  /** What they are told of its response, but for the message. */
  get response() {
    return { service: this.service, header: this.responseHeader, trailer: this.responseTrailer };
  }
}

/** The first interceptor is the outermost. */
export function intercepted(run: AnyFn, interceptors: readonly Interceptor[]): AnyFn {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), run);
}
