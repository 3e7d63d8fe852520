import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";

/** How a call failed, whichever client made it. Without a `reason` it is the client library's word, not the manager's. */
export interface CallFailure {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly delivery?: string | undefined;
  readonly message: string;
}

/** From an error of a Connect client, or of grpc-js read as one. */
export function failureOfConnect(error: unknown): CallFailure {
  const connectError = ConnectError.from(error);
  const [info] = connectError.findDetails(ErrorInfoSchema);
  return {
    code: Code[connectError.code] ?? String(connectError.code),
    reason: info?.reason,
    delivery: info?.metadata.delivery,
    message: connectError.rawMessage,
  };
}

/** A `google.rpc.Status` in JSON, as REST answers it. */
export interface StatusJson {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly reason?: string; readonly metadata?: Record<string, string> }[];
}

export function failureOfStatus({ code, message, details }: StatusJson): CallFailure {
  const info = details.find(({ reason }) => reason !== undefined);
  return { code: Code[code] ?? String(code), reason: info?.reason, delivery: info?.metadata?.delivery, message };
}
