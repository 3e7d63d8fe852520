import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  CallToolStreamRequest,
  CallToolStreamResponse,
  ManagerService,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { toManagerError } from "../../base/errors/errors.ts";
import { followCall } from "../../fleet/tools/follow-call.ts";
import { takesJson, traceOf, waitOf } from "../call/caller-context.ts";
import { TransferRest } from "../call/transfer-rest.ts";
import { callReadingToProto } from "../convert/call-event-to-proto.ts";
import { callChars, streamFromProto } from "../convert/call-from-proto.ts";
import type { ServiceOptions } from "./service-options.ts";

/** The RPC that streams what happens in a call into a server. */
export function callStreamMethods(options: ServiceOptions) {
  return {
    callToolStream: (request, context) => callToolStream(options, { request, context }),
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

async function* callToolStream(
  { fleet, toolCalls, now, elapsedMs, heartbeatMs }: ServiceOptions,
  { request, context }: { request: CallToolStreamRequest; context: HandlerContext },
): AsyncGenerator<CallToolStreamResponse> {
  const wished = streamFromProto(request, traceOf(context));
  const { server, call, resultFormat, maxMessageBytes, idempotencyKey, validateArguments } = wished;
  const readings = followCall({ toolCalls, fleet }, server, {
    ...waitOf(context),
    signal: context.signal,
    chars: callChars(call),
    call,
    idempotencyKey,
    validateArguments,
    heartbeatMs,
    now,
    elapsedMs,
  });
  for await (const reading of readings) {
    using rest = new TransferRest(context.values, reading.kind === "result" ? reading.callResult.result.json : "");
    for (const event of callReadingToProto(reading, {
      server,
      resultFormat,
      maxMessageBytes,
      json: takesJson(context),
    })) {
      if (event.event.case === "resultChunk") rest.handOn(event.event.value.resultJson);
      yield event;
      // Between the pieces of a result: the tool did run, and its caller does not have all of what it said.
      if (reading.kind === "result" && event.event.case === "resultChunk" && context.signal.aborted) {
        throw toManagerError(context.signal.reason).with({ server, delivery: "sent" });
      }
    }
  }
}
