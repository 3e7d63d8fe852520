import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { toManagerError } from "../../../base/errors/errors.ts";
import type { TransferBudget } from "../../../server/responses/transfer-budget.ts";
import type { RpcRequest } from "../../call/rpc-call.ts";
import type { OperationOf } from "../../call/service-operations.ts";
import { toConnectError } from "../../errors/connect-error.ts";
import { plainGrpcMessage } from "../../errors/grpc-message.ts";
import { entriesOf } from "../../headers/response-headers.ts";

export const grpcContentType = "application/grpc+proto";

/** Calls a method and writes its response. */
export type GrpcResponder = (request: RpcRequest, stream: ServerHttp2Stream) => Promise<void>;

export interface GrpcResponderOptions {
  readonly interceptors: readonly Interceptor[];
  readonly budget: TransferBudget;
  readonly operationOf: OperationOf;
}

/** Begins a response of gRPC; `trailer` is asked for when the body has ended. */
export function respondGrpc(
  stream: ServerHttp2Stream,
  { header, trailer }: { readonly header: Headers | undefined; readonly trailer: () => OutgoingHttpHeaders },
): void {
  const outgoing: OutgoingHttpHeaders = header === undefined ? {} : Object.fromEntries(entriesOf(header));
  outgoing["content-type"] = grpcContentType;
  stream.respond(outgoing, { waitForTrailers: true });
  stream.once("wantTrailers", () => {
    try {
      stream.sendTrailers(trailer());
    } catch {
      // A response that can't be sent ends the stream; no caller is there to get the error.
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  });
}

export function successTrailer(trailer: Headers): OutgoingHttpHeaders {
  const outgoing: OutgoingHttpHeaders = Object.fromEntries(entriesOf(trailer));
  outgoing["grpc-status"] = "0";
  return outgoing;
}

export function failureTrailer(error: unknown): OutgoingHttpHeaders {
  const trailer = new Headers();
  setTrailerStatus(trailer, error instanceof ConnectError ? error : toConnectError(toManagerError(error)));
  plainGrpcMessage(trailer);
  return Object.fromEntries(trailer);
}
