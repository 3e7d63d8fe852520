import { create, type MessageInitShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import {
  type CallToolResponse,
  CallToolResponseSchema,
  type CallToolStreamResponse,
  CallToolStreamResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import type { LogEntry } from "../../fleet/logs/log-entry.ts";
import type { CallReading } from "../../fleet/tools/follow-call.ts";
import type { CallResult } from "../../fleet/tools/idempotency/outcome.ts";
import { maxEventTextBytes } from "../../mcp/features/tools/progress.ts";
import { callToProto } from "./call-to-proto.ts";
import { lineToProto } from "./log-to-proto.ts";
import { textChunks } from "./result-chunks.ts";
import { resultToProto } from "./result-to-proto.ts";
import { toTimestamp } from "./values/time.ts";

export interface CallEventOptions {
  readonly server: string;
  readonly resultFormat: "typed" | "json";
  /** The largest message that the caller takes. */
  readonly maxMessageBytes: number;
  /** Whether messages go out as JSON. */
  readonly json: boolean;
}

type Event = NonNullable<MessageInitShape<typeof CallToolStreamResponseSchema>["event"]>;

/** Room for all else in the message of a chunk than its piece of the result. */
const chunkOverheadBytes = 512;
/** The most by which a result grows from JSON text to a message, in either encoding. */
const maxGrowth = 32;

/** One reading of a call as events of its stream: a result that is too large for one message takes several. */
export function* callReadingToProto(
  reading: CallReading,
  options: CallEventOptions,
): Generator<CallToolStreamResponse> {
  const event = (value: Event, timeMs: number) =>
    create(CallToolStreamResponseSchema, { event: value, time: toTimestamp(timeMs), instanceId: reading.instance });
  switch (reading.kind) {
    case "progress":
      yield event({ case: "progress", value: reading.progress }, reading.timeMs);
      break;
    case "log":
      yield event({ case: "log", value: logLine(reading.entry) }, reading.entry.timeMs);
      break;
    case "gap":
      yield event({ case: "gap", value: { lines: BigInt(reading.lines) } }, reading.timeMs);
      break;
    case "heartbeat":
      yield event({ case: "heartbeat", value: {} }, reading.timeMs);
      break;
    case "result":
      for (const value of resultEvents(reading, options)) yield event(value, reading.timeMs);
      break;
    default:
      reading satisfies never;
  }
}

function logLine({ event }: LogEntry) {
  if (event.kind !== "line") throw new Error("only lines are logged in a call");
  const line = lineToProto(event);
  const text = truncateUtf8(line.text, { maxBytes: maxEventTextBytes, keep: "start" });
  return { ...line, text, truncated: line.truncated || text !== line.text };
}

type ResultReading = Extract<CallReading, { kind: "result" }>;

function* resultEvents({ callResult }: ResultReading, options: CallEventOptions): Generator<Event> {
  const { result, instance } = callResult;
  const whole = wholeResult(callResult, options);
  if (whole !== undefined) {
    yield { case: "result", value: whole };
    return;
  }
  const maxBytes = options.maxMessageBytes - chunkOverheadBytes;
  for (const { text, last } of textChunks(result.json, { maxBytes, escaped: options.json })) {
    yield { case: "resultChunk", value: { resultJson: text, last } };
  }
  yield {
    case: "result",
    value: { ...resultToProto({ ...result, json: "{}" }, "json"), resultJson: "", instanceId: instance },
  };
}

/**
 * The result as one message, if the caller accepts one of its size. A message that is certainly too large is not made.
 */
function wholeResult(
  callResult: CallResult,
  { server, resultFormat, maxMessageBytes, json }: CallEventOptions,
): CallToolResponse | undefined {
  const room = maxMessageBytes - chunkOverheadBytes;
  const bytes = Buffer.byteLength(callResult.result.json);
  if (bytes > room) return undefined;
  const message = callToProto(callResult, { server, resultFormat });
  return bytes * maxGrowth <= room || messageBytes(message, json) <= room ? message : undefined;
}

function messageBytes(message: CallToolResponse, json: boolean): number {
  if (!json) return toBinary(CallToolResponseSchema, message).length;
  return Buffer.byteLength(toJsonString(CallToolResponseSchema, message, { alwaysEmitImplicit: true }));
}
