import type { Transfer } from "./transfer-budget.ts";

/** Small enough that a slow caller is seen to take something, large enough to cost nothing. */
const sliceBytes = 64 * 1024;

/**
 * A body in slices. Each slice is asked for when the one before was taken, so that the unread bytes are known. The last
 * slice stays counted until the response closes: Node has taken it, the caller perhaps not.
 */
export async function* pacedBody(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { transfer, streams }: { readonly transfer: Pick<Transfer, "add">; readonly streams: boolean },
): AsyncGenerator<Uint8Array> {
  let lastBytes = 0;
  for await (const chunk of body) {
    transfer.add(chunk.length);
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const slice = chunk.subarray(at, at + sliceBytes);
      yield slice;
      transfer.add(-slice.length);
      lastBytes = slice.length;
    }
  }
  if (!streams) transfer.add(lastBytes);
}
