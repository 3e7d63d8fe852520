import { setTimeout as delay } from "node:timers/promises";
import type { DescService, Message, Registry } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { Request, StreamDefinition, UnaryDefinition } from "./definitions.ts";
import { Observed, setMetadata } from "./observed.ts";

type Requests<T> = AsyncIterable<T>;
type UnaryRequest = Request<UnaryDefinition>;
type StreamRequest = Request<StreamDefinition>;

/** Connect's ConformanceService: its handlers do what a request's definition says, and answer what they saw. */
export function conformanceService(registry: Registry): ServiceImpl<DescService> {
  const observed = new Observed(registry);
  const methods = {
    // Deadlines of unary calls are the interceptor's to keep, whatever a handler does.
    unary: (request: UnaryRequest, context: HandlerContext) => respondOnce(observed, { requests: [request], context }),
    idempotentUnary: (request: UnaryRequest, context: HandlerContext) =>
      respondOnce(observed, { requests: [request], context }),
    async clientStream(stream: Requests<UnaryRequest>, context: HandlerContext) {
      const requests = await Array.fromAsync(stream);
      return respondOnce(observed, { requests, context, signal: context.signal });
    },
    serverStream: (request: StreamRequest, context: HandlerContext) =>
      respondInStream(observed, { requests: once(request), context }),
    bidiStream: (requests: Requests<StreamRequest>, context: HandlerContext) =>
      respondInStream(observed, { requests, context }),
  };
  return methods as unknown as ServiceImpl<DescService>;
}

async function respondOnce(
  observed: Observed,
  call: { requests: readonly UnaryRequest[]; context: HandlerContext; signal?: AbortSignal },
) {
  const { requests, context, signal } = call;
  const definition = requests[0]?.responseDefinition;
  const requestInfo = observed.info(requests, context);
  setMetadata(context, definition);
  await wait(definition?.responseDelayMs ?? 0, signal);
  const response = definition?.response;
  if (response?.case === "error") throw observed.error(response.value, requestInfo);
  return { payload: { requestInfo, ...(response?.case === "responseData" ? { data: response.value } : {}) } };
}

async function* respondInStream(
  observed: Observed,
  call: { requests: Requests<StreamRequest>; context: HandlerContext },
) {
  const { requests, context } = call;
  let definition: StreamDefinition | undefined;
  let count = 0;
  let sent = 0;
  let unanswered: Message[] = [];
  const isLeft = () => sent < (definition?.responseData.length ?? 0);
  const next = async (requestInfo?: Message) => {
    const data = definition?.responseData[sent];
    sent += 1;
    await wait(definition?.responseDelayMs ?? 0, context.signal);
    return { payload: { data, ...(requestInfo === undefined ? {} : { requestInfo }) } };
  };
  let fullDuplex = false;
  for await (const request of requests) {
    count += 1;
    unanswered.push(request);
    if (count === 1) {
      definition = request.responseDefinition;
      fullDuplex = request.fullDuplex ?? false;
      setMetadata(context, definition);
    }
    if (!fullDuplex) continue;
    if (!isLeft()) break;
    yield await next(observed.info(unanswered, sent === 0 ? context : undefined));
    unanswered = [];
  }
  while (isLeft()) yield await next(sent === 0 ? observed.info(unanswered, context) : undefined);
  if (definition?.error === undefined) return;
  throw observed.error(definition.error, sent === 0 ? observed.info(unanswered, context) : undefined);
}

/** As our own streams do, ends with the signal's reason. */
async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
