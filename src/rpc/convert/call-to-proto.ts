import type { CallToolResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { toManagerError } from "../../base/errors/errors.ts";
import type { CallResult } from "../../fleet/tools/idempotency/outcome.ts";
import { resultToProto } from "./result-to-proto.ts";

/**
 * A call's result in the form that its caller asked for. What the server said may have no typed form: such an error
 * names the server and the instance, as all others do.
 */
export function callToProto(
  { result, instance }: CallResult,
  { server, resultFormat }: { server: string; resultFormat: "typed" | "json" },
): CallToolResponse {
  try {
    const response = resultToProto(result, resultFormat);
    response.instanceId = instance;
    return response;
  } catch (error) {
    throw toManagerError(error).with({ server, instance });
  }
}
