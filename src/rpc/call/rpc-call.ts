import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import type { CallWait } from "../../fleet/call-wait.ts";
import { AnswerHeaders } from "../wire/answer-headers.ts";
import { callWaitKey } from "./caller-context.ts";
import { callerDeadlinePassed } from "./deadline-interceptor.ts";

/** A request of one message, by whichever protocol. */
export interface RpcRequest {
  readonly message: Message;
  readonly header: Headers;
  /** What is left until the caller's deadline; undefined: there is none. */
  readonly timeoutMs: number | undefined;
  readonly protocolName: string;
  /** Aborted when the caller leaves. Whoever made it ends it. */
  readonly wait: CallWait;
  /** Default: none. */
  readonly values?: ContextValues | undefined;
  /** What the handler sets, for a protocol that sends it with an error, too. */
  readonly answer?: { readonly header: Headers; readonly trailer: Headers };
}

export interface RpcCall<Method extends { readonly desc: DescMethod }> extends RpcRequest {
  readonly method: Method;
}

export type AnyFn = ReturnType<Interceptor>;

/** What the handler of a call is told of it. From its making on the deadline counts. */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly service: DescService;
  readonly requestMethod = "POST";
  readonly url: string;
  readonly protocolName: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: () => number | undefined;
  readonly requestHeader: Headers;
  readonly responseHeader: Headers;
  readonly responseTrailer: Headers;
  readonly values: ContextValues;

  constructor(call: RpcCall<{ readonly desc: DescMethod }>) {
    const { wait, timeoutMs } = call;
    const { desc } = call.method;
    this.method = desc;
    this.service = desc.parent;
    this.url = `http://localhost/${desc.parent.typeName}/${desc.name}`;
    this.protocolName = call.protocolName;
    this.signal = wait.signal;
    this.requestHeader = call.header;
    this.responseHeader = call.answer?.header ?? new AnswerHeaders();
    this.responseTrailer = call.answer?.trailer ?? new AnswerHeaders();
    this.values = (call.values ?? createContextValues()).set(callWaitKey, wait);
    if (timeoutMs !== undefined) wait.limit(timeoutMs, callerDeadlinePassed);
    const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    this.timeoutMs = () => endMs && endMs - performance.now();
  }

  /** What interceptors are told of the call, but for its message. */
  get request() {
    const { service, requestMethod, url, signal, requestHeader: header, values: contextValues } = this;
    return { service, requestMethod, url, signal, header, contextValues };
  }

  /** What they are told of its answer, but for the message. */
  get response() {
    return { service: this.service, header: this.responseHeader, trailer: this.responseTrailer };
  }

  /** Another only for an interceptor that has put a signal of its own in the place of the call's. */
  with(signal: AbortSignal): HandlerContext {
    return signal === this.signal ? this : { ...this, signal };
  }
}

/** The first interceptor is the outermost. */
export function intercepted(run: AnyFn, interceptors: readonly Interceptor[]): AnyFn {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), run);
}
