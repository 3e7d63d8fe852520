import { constants, type ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import type { NodeRequest, NodeResponse } from "../handlers/node-handler.ts";
import { countPiece } from "./count-piece.ts";

/** How much a client may still send, and for how long, after it got its response. */
const maxBytes = 16 * 1024 * 1024;
const maxMs = 2000;

/**
 * Reads and drops the rest of a body whose request was answered early, within limits. Otherwise Node resets the stream
 * over HTTP/2, and clients like curl show that instead of the response; over HTTP/1.1 the connection would stand still.
 */
export function discardRest(request: NodeRequest, response: NodeResponse): void {
  const outgoing = "stream" in response ? response.stream : response;
  outgoing.once("finish", () => {
    const stop = () => {
      if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
      else request.socket.destroy();
    };
    drop(request, stop);
  });
}

/** As discardRest, for a stream without a request. */
export function discardRestOf(stream: ServerHttp2Stream): void {
  stream.once("finish", () => drop(stream, () => stream.close(constants.NGHTTP2_NO_ERROR)));
}

function drop(body: Readable, stop: () => void): void {
  if (body.readableEnded || body.destroyed) return;
  const timer = setTimeout(stop, maxMs);
  let bytes = 0;
  // A reader that has not said that it is done would keep the body from flowing: what a client sent in excess would
  // then end this connection long after, under the next request.
  body.removeAllListeners("data");
  body.on("data", (chunk: Buffer) => {
    countPiece(body);
    bytes += chunk.length;
    if (bytes > maxBytes) stop();
  });
  body.on("error", () => {});
  body.once("close", () => clearTimeout(timer));
  body.once("end", () => clearTimeout(timer));
  body.resume();
}
