import { create } from "@bufbuild/protobuf";
import {
  type ReadResourceResponse,
  ReadResourceResponseSchema,
  type SubscribeResourceResponse,
  SubscribeResourceResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import {
  ResourceContentsSchema,
  type Resource as ResourceMessage,
  ResourceSchema,
} from "../../../gen/mcpmanager/v1/resource_pb.ts";
import type { ResourceReading } from "../../fleet/watch-resource.ts";
import { type Contents, typedReadResult } from "../../mcp/features/resources/read-result.ts";
import type { Resource } from "../../mcp/features/resources/resource.ts";
import type { InputRequiredResult } from "../../mcp/features/shared/input-required-result.ts";
import type { ResourceContents } from "../../mcp/features/shared/resource-contents.ts";
import { inputRequiredToProto, jsonResultToProto } from "./input-required-to-proto.ts";
import { toTimestamp } from "./values/time.ts";

export function resourceToProto({ sizeBytes, ...resource }: Resource): ResourceMessage {
  const size = sizeBytes === undefined ? {} : { sizeBytes: BigInt(sizeBytes) };
  return create(ResourceSchema, { ...resource, ...size });
}

/** What was read, in the form that the caller asked for. Throws what `typedReadResult` throws. */
export function readToProto(result: InputRequiredResult, format: "typed" | "json"): ReadResourceResponse {
  if (format === "json") return create(ReadResourceResponseSchema, jsonResultToProto(result));
  const typed = typedReadResult(result);
  return create(ReadResourceResponseSchema, {
    contents: typed.contents.map(contentsToProto),
    ...inputRequiredToProto(result, typed),
  });
}

function contentsToProto(entry: Contents) {
  if ("json" in entry) return create(ResourceContentsSchema, { contents: { case: "json", value: entry.json } });
  return create(ResourceContentsSchema, { ...entry, contents: textOrBlob(entry.contents) });
}

export function textOrBlob(contents: ResourceContents["contents"]) {
  return "text" in contents
    ? { case: "text" as const, value: contents.text }
    : { case: "blob" as const, value: contents.blob };
}

/** One reading of a subscription as the event of a stream. */
export function resourceReadingToProto(reading: ResourceReading, now: () => number): SubscribeResourceResponse {
  const time = toTimestamp(now());
  switch (reading.kind) {
    case "subscribed":
      return create(SubscribeResourceResponseSchema, {
        event: { case: "subscribed", value: {} },
        time,
        instanceId: reading.instance,
      });
    case "updated":
      return create(SubscribeResourceResponseSchema, {
        event: { case: "updated", value: { uri: reading.uri } },
        time,
        instanceId: reading.instance,
      });
    case "heartbeat":
      return create(SubscribeResourceResponseSchema, { event: { case: "heartbeat", value: {} }, time });
    default:
      return reading satisfies never;
  }
}
