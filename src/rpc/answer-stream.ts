import type { OutgoingHttpHeaders } from "node:http2";
import { createContextValues } from "@connectrpc/connect";
import { callerLeft } from "./deadline-interceptor.ts";
import { failureTrailer, type GrpcAnswerOptions, successTrailer } from "./grpc-answer.ts";
import { grpcEnvelope } from "./grpc-envelope.ts";
import { invokeStream, type StreamCall } from "./invoke-stream.ts";
import { MessageWriter } from "./message-writer.ts";
import { mayStayUnread } from "./service.ts";
import { countAt } from "./unread-rest.ts";

const uncounted = { add() {} };

/** Calls a server-streaming method and writes its messages by gRPC. */
export async function answerStream(
  call: StreamCall,
  { stream, interceptors, unread }: GrpcAnswerOptions,
): Promise<void> {
  const { output, name } = call.method.desc;
  const onClose = () => call.wait.abort(callerLeft());
  stream.once("close", onClose);
  const answer = unread.open(stream);
  const writer = new MessageWriter(stream, mayStayUnread.has(name) ? uncounted : answer);
  let trailer: OutgoingHttpHeaders;
  try {
    const values = countAt(createContextValues(), answer);
    const response = await invokeStream({ ...call, values }, interceptors);
    writer.header = response.header;
    for await (const message of response.message) {
      if (stream.destroyed) break;
      writer.add(grpcEnvelope(output, message));
      const room = writer.room();
      if (room !== undefined) await room;
    }
    trailer = successTrailer(response.trailer);
  } catch (error) {
    trailer = failureTrailer(error);
  }
  call.wait.end();
  stream.off("close", onClose);
  await writer.end(trailer);
}
