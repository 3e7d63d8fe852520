import type { SoakResult } from "./clients.ts";

/** What the kinds of client make of an event of CallToolStream. */
export type StreamEvent =
  /** Progress, a log line, a gap, a heartbeat. */
  { readonly kind: "meanwhile" } | { readonly kind: "chunk"; readonly text: string; readonly last: boolean } | Result;

interface Result {
  readonly kind: "result";
  /** Without a text after chunks. */
  readonly result: SoakResult;
}

/** Reads a call's stream to its end. The result says what was wrong with the stream: a call is answered once, at the end. */
export async function resultOfStream(events: AsyncIterable<StreamEvent>): Promise<SoakResult> {
  const chunks: string[] = [];
  let last = false;
  let result: SoakResult | undefined;
  const problems: string[] = [];
  for await (const event of events) {
    if (result !== undefined) problems.push(`a ${event.kind} after the result`);
    if (event.kind === "meanwhile") {
      if (chunks.length > 0) problems.push("something else among the chunks");
    } else if (event.kind === "chunk") {
      if (last) problems.push("a chunk after the last one");
      chunks.push(event.text);
      last = event.last;
    } else {
      if (chunks.length > 0 && !last) problems.push("a result before the last chunk");
      result = event.result;
    }
  }
  if (result === undefined) problems.push("the stream ended without a result");
  const { text = "", isError = false } = result ?? {};
  const [problem] = problems;
  return { text: chunks.length > 0 ? chunks.join("") : text, isError, ...(problem === undefined ? {} : { problem }) };
}
