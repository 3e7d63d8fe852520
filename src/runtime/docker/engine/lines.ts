import type { Readable } from "node:stream";

/**
 * The lines of a text stream, without their ends; empty ones are left out. The stream is destroyed when the loop ends.
 * A long line, an event with large labels for one, is looked at once, however many chunks it comes in.
 */
export async function* lines(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = chunk.split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      const line = rest + part;
      rest = "";
      if (line.trim() !== "") yield line;
    }
    rest += last;
  }
  if (rest.trim() !== "") yield rest;
}
