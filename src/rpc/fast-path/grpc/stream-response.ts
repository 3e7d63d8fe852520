import type { OutgoingHttpHeaders } from "node:http2";
import { createContextValues } from "@connectrpc/connect";
import { callerLeft } from "../../../operations/call-end.ts";
import { invokeStream } from "../../call/invoke-stream.ts";
import type { StreamMethod } from "../../call/rpc-methods.ts";
import { countAt } from "../../call/transfer-rest.ts";
import { grpcEnvelope } from "./grpc-envelope.ts";
import { failureTrailer, type GrpcResponder, type GrpcResponderOptions, successTrailer } from "./grpc-response.ts";
import { MessageWriter } from "./message-writer.ts";

/** Makes calls of a server-streaming method, and writes the messages as gRPC as they come. */
export function streamResponder(
  method: StreamMethod,
  { interceptors, budget, operationOf }: GrpcResponderOptions,
): GrpcResponder {
  const envelope = grpcEnvelope(method.desc.output);
  const mayStay = operationOf(method.desc).mayLag;
  return async (request, stream) => {
    const { wait } = request.call;
    const onClose = () => wait.abort(callerLeft());
    stream.on("close", onClose);
    const transfer = budget.open(stream, { mayStay });
    const values = countAt(createContextValues(), transfer);
    const writer = new MessageWriter(stream, transfer);
    let trailer: OutgoingHttpHeaders;
    try {
      const response = await invokeStream({ ...request, method, values }, interceptors);
      writer.header = response.header;
      for await (const message of response.message) {
        if (stream.destroyed) break;
        writer.add(envelope(message));
        const room = writer.room();
        if (room !== undefined) await room;
      }
      trailer = successTrailer(response.trailer);
    } catch (error) {
      trailer = failureTrailer(error);
    }
    wait.end();
    stream.off("close", onClose);
    await writer.end(trailer);
  };
}
