import type { OutgoingHttpHeaders } from "node:http";
import { pipeline, type Writable } from "node:stream";
import type { NodeResponse } from "../handlers/node-handler.ts";
import { pacedBody } from "./paced-body.ts";
import type { Transfer, TransferBudget } from "./transfer-budget.ts";

/** A larger response goes out in slices. */
const maxWholeBytes = 64 * 1024;

export interface WholeResponse {
  readonly response: NodeResponse;
  readonly status: number;
  readonly header: OutgoingHttpHeaders;
  readonly budget: TransferBudget;
}

/** Writes a response whose text is complete; a small one goes out together with its headers, in one piece. */
export function writeWhole(text: string, { response, status, header, budget }: WholeResponse): void {
  header["content-length"] = Buffer.byteLength(text);
  response.writeHead(status, header);
  endWhole(text, { to: response, transfer: budget.open(response) });
}

/** Ends a response, or a stream, with all of its body, in slices when that is large. */
export function endWhole(
  body: string | Buffer,
  { to, transfer }: { readonly to: Writable; readonly transfer: Pick<Transfer, "add"> },
): void {
  const bytes = Buffer.byteLength(body);
  if (bytes <= maxWholeBytes) {
    transfer.add(bytes);
    to.end(body);
    return;
  }
  // When the caller leaves, this ends with an error that needs no handling.
  pipeline(
    pacedBody([typeof body === "string" ? Buffer.from(body) : body], { transfer, streams: false }),
    to,
    () => {},
  );
}

/** Whether the caller has left. */
export function isGone(response: NodeResponse): boolean {
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}
