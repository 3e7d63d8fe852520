import type { OutgoingHttpHeaders } from "node:http2";
import type { UnaryResponse } from "@connectrpc/connect";
import type { CallWait } from "../../../base/async/call-wait.ts";
import { callerLeft } from "../../../operations/call-end.ts";
import type { Transfer } from "../../../server/responses/transfer-budget.ts";
import { endWhole } from "../../../server/responses/write-whole.ts";
import { invokeUnary } from "../../call/invoke-unary.ts";
import type { UnaryMethod } from "../../call/rpc-methods.ts";
import { grpcEnvelope } from "./grpc-envelope.ts";
import {
  failureTrailer,
  type GrpcResponder,
  type GrpcResponderOptions,
  respondGrpc,
  successTrailer,
} from "./grpc-response.ts";

interface Outgoing {
  readonly header?: Headers;
  readonly trailer: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/**
 * What ends with the stream, unless it has ended before. One listener for both; afterwards it keeps neither in memory.
 */
interface Open {
  wait: CallWait | undefined;
  transfer: Transfer | undefined;
}

/** Makes calls of a unary method, and writes the message as gRPC. */
export function unaryResponder(method: UnaryMethod, { interceptors, budget }: GrpcResponderOptions): GrpcResponder {
  const envelope = grpcEnvelope(method.desc.output);
  const successOf = ({ header, trailer, message }: UnaryResponse): Outgoing => ({
    header,
    trailer: successTrailer(trailer),
    body: envelope(message),
  });
  return async (request, stream) => {
    const { wait } = request.call;
    const open: Open = { wait, transfer: undefined };
    stream.once("close", () => {
      open.wait?.abort(callerLeft());
      open.transfer?.close();
    });
    let outgoing: Outgoing;
    try {
      outgoing = successOf(await invokeUnary({ ...request, method }, interceptors));
    } catch (error) {
      outgoing = { trailer: failureTrailer(error) };
    }
    wait.end();
    open.wait = undefined;
    // The caller may be gone: nothing to write to then.
    if (stream.destroyed) return;
    const { header, trailer, body } = outgoing;
    respondGrpc(stream, { header, trailer: () => trailer });
    if (body === undefined) stream.end();
    else {
      open.transfer = budget.watch(stream);
      endWhole(body, { to: stream, transfer: open.transfer });
    }
  };
}
