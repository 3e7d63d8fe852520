import { createRegistry, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";

/** What an error may carry. */
export const statusDetails = [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema];
const registry = createRegistry(...statusDetails);

/** An error as `google.rpc.Status` JSON: `{"code": 5, "message": "…", "details": [{"@type": …}]}`. */
export function statusJson(error: ConnectError): JsonObject {
  const details = statusDetails.flatMap((desc): JsonValue[] =>
    error.findDetails(desc).map((detail) => toJson(AnySchema, anyPack(desc, detail), { registry })),
  );
  return { code: error.code, message: error.rawMessage, details };
}
