import type { OutgoingHttpHeaders } from "node:http2";
import type { UnaryResponse } from "@connectrpc/connect";
import { callerLeft } from "./deadline-interceptor.ts";
import { failureTrailer, type GrpcAnswerOptions, respondGrpc, successTrailer } from "./grpc-answer.ts";
import { grpcEnvelope } from "./grpc-envelope.ts";
import { invokeUnary, type UnaryCall } from "./invoke-unary.ts";
import { endWhole } from "./write-whole.ts";

/** Calls a unary method and writes its message by gRPC. */
export async function answerUnary(call: UnaryCall, { stream, interceptors, unread }: GrpcAnswerOptions): Promise<void> {
  const { wait } = call;
  const onClose = () => wait.abort(callerLeft());
  stream.once("close", onClose);
  let answered: Answered;
  try {
    answered = successOf(call, await invokeUnary(call, interceptors));
  } catch (error) {
    answered = { trailer: failureTrailer(error) };
  }
  wait.end();
  stream.off("close", onClose);
  // The caller may be gone: nothing to write to then.
  if (stream.destroyed) return;
  const { header, trailer, body } = answered;
  respondGrpc(stream, { header, trailer: () => trailer });
  if (body === undefined) stream.end();
  else endWhole(body, { to: stream, answer: unread.open(stream) });
}

interface Answered {
  readonly header?: Headers;
  readonly trailer: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

function successOf({ method }: UnaryCall, { header, trailer, message }: UnaryResponse): Answered {
  return { header, trailer: successTrailer(trailer), body: grpcEnvelope(method.desc.output, message) };
}
