import type { OutgoingHttpHeaders } from "node:http";
import { pipeline } from "node:stream";
import type { NodeResponse } from "./node-handler.ts";
import { pacedBody } from "./paced-body.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/** A larger answer goes out in slices. */
const maxWholeBytes = 64 * 1024;

export interface WholeAnswer {
  readonly response: NodeResponse;
  readonly status: number;
  readonly header: OutgoingHttpHeaders;
  readonly unread: UnreadAnswers;
}

/** Writes an answer whose text is there: a small one together with its headers, in one piece. */
export function writeWhole(text: string, { response, status, header, unread }: WholeAnswer): void {
  const bytes = Buffer.byteLength(text);
  header["content-length"] = bytes;
  response.writeHead(status, header);
  const answer = unread.open(response);
  if (bytes <= maxWholeBytes) {
    answer.add(bytes);
    response.end(text);
    return;
  }
  // Whose caller leaves ends with an error that nobody has to know of.
  pipeline(pacedBody([Buffer.from(text)], { answer, streams: false }), response, () => {});
}

/** Whether nobody is there any more to take the answer. */
export function isGone(response: NodeResponse): boolean {
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}
