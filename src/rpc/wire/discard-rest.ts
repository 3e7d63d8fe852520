import { constants } from "node:http2";
import type { NodeRequest, NodeResponse } from "./node-handler.ts";

/** What a client may still send, and how long, after it was answered. */
const maxBytes = 16 * 1024 * 1024;
const maxMs = 2000;

/**
 * Reads and drops the rest of a body whose request was answered early, within limits. Otherwise Node resets the stream
 * over HTTP/2, and clients like curl show that instead of the answer; over HTTP/1.1 the connection would stand still.
 */
export function discardRest(request: NodeRequest, response: NodeResponse): void {
  const answer = "stream" in response ? response.stream : response;
  answer.once("finish", () => {
    if (request.readableEnded || request.destroyed) return;
    const stop = () => {
      if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
      else request.socket.destroy();
    };
    const timer = setTimeout(stop, maxMs);
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) stop();
    });
    request.on("error", () => {});
    // A reader that has not returned its iterator would keep the body from flowing: what a client sent in excess would
    // then end this connection long after, under the next request.
    request.removeAllListeners("readable");
    request.once("close", () => clearTimeout(timer));
    request.once("end", () => clearTimeout(timer));
    request.resume();
  });
}
