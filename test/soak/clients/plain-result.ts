import type { SoakResult } from "./clients.ts";
import type { StreamEvent } from "./streamed-result.ts";

/** What grpc-js and REST give, with proto3's JSON names. */
export interface PlainResult {
  readonly content?: readonly { readonly text?: { readonly text?: string } }[];
  readonly resultJson?: string;
  readonly isError?: boolean;
}

/** An event of a stream, with what this soak reads of it. */
export interface PlainEvent {
  readonly result?: PlainResult;
  readonly resultChunk?: { readonly resultJson: string; readonly last: boolean };
}

export function plainResult({ content, resultJson, isError }: PlainResult): SoakResult {
  return { text: resultJson || (content?.[0]?.text?.text ?? ""), isError: isError ?? false };
}

export async function* plainEvents(events: AsyncIterable<PlainEvent>): AsyncGenerator<StreamEvent> {
  for await (const { result, resultChunk } of events) {
    if (result) yield { kind: "result", result: plainResult(result) };
    else if (resultChunk) yield { kind: "chunk", text: resultChunk.resultJson, last: resultChunk.last };
    else yield { kind: "meanwhile" };
  }
}
