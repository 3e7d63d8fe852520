import { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, endStreamFlag, endStreamToJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { toManagerError } from "../base/errors/errors.ts";
import { toConnectError } from "../rpc/errors/connect-error.ts";
import { plainGrpcMessage } from "../rpc/errors/grpc-message.ts";
import type { NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";
import { endEarly } from "./end-early.ts";
import { statusJson } from "./status-json.ts";

export interface ErrorResponse {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly error: unknown;
  /** Where HTTP has a status of its own for it; else that of the Connect protocol for the error's code. */
  readonly status?: number;
}

/** Responds with an error in the words of the caller's protocol, which its content type and its path tell. */
export function respondWithError({ request, response, error, status }: ErrorResponse): void {
  const failure = error instanceof ConnectError ? error : toConnectError(toManagerError(error));
  const type = request.headers["content-type"] ?? "";
  if (/^application\/grpc/i.test(type)) {
    // Trailers only: HTTP's own status says nothing to a gRPC client.
    response.statusCode = 200;
    response.setHeader("content-type", type);
    const trailers = setTrailerStatus(new Headers(), failure);
    plainGrpcMessage(trailers);
    trailers.forEach((value, name) => {
      response.setHeader(name, value);
    });
    endEarly({ request, response });
    return;
  }
  if (isConnectStream(request, type)) {
    // Connect's clients read no body of a stream but one that came with 200.
    response.statusCode = 200;
    response.setHeader("content-type", type);
    const end = JSON.stringify(endStreamToJson(new Headers(), failure, undefined));
    endEarly({ request, response }, encodeEnvelope(endStreamFlag, Buffer.from(end)));
    return;
  }
  response.statusCode = status ?? codeToHttpStatus(failure.code);
  response.setHeader("content-type", "application/json");
  endEarly({ request, response }, errorText(failure, request.url ?? ""));
}

function isConnectStream({ method, url = "" }: NodeRequest, type: string): boolean {
  return method === "POST" && isRpcPath(url) && /^application\/connect\+(?:proto|json)\b/i.test(type);
}

/** An error as JSON: that of the Connect protocol on the path of an RPC, else `google.rpc.Status`. */
export function errorText(error: ConnectError, url: string): string {
  return `${JSON.stringify(isRpcPath(url) ? errorToJson(error, undefined) : statusJson(error))}\n`;
}

/** `/package.Service/Method` */
function isRpcPath(url: string): boolean {
  return /^\/[\w]+(?:\.[\w]+)+\/\w+(?:\?|$)/.test(url);
}
