import { describe, expect, it } from "vitest";
import { resultOfStream, type StreamEvent } from "./streamed-result.ts";

const meanwhile: StreamEvent = { kind: "meanwhile" };
const result = (text = ""): StreamEvent => ({ kind: "result", result: { text, isError: false } });
const chunk = (text: string, last = false): StreamEvent => ({ kind: "chunk", text, last });

async function read(...events: StreamEvent[]) {
  return resultOfStream(
    (async function* () {
      yield* events;
    })(),
  );
}

describe("What a soak's caller makes of a call's stream", () => {
  it("is its one result, whatever came before, or its chunks put together", async () => {
    expect(await read(meanwhile, meanwhile, result("a"))).toEqual({ text: "a", isError: false });
    expect(await read(meanwhile, chunk("a"), chunk("b", true), result())).toEqual({ text: "ab", isError: false });
  });

  it.each([
    ["a stream without a result", [meanwhile], "the stream ended without a result"],
    ["a second result", [result("a"), result("a")], "a result after the result"],
    ["progress after the result", [result("a"), meanwhile], "a meanwhile after the result"],
    ["chunks without a last one", [chunk("a"), result()], "a result before the last chunk"],
    ["a chunk after the last one", [chunk("a", true), chunk("b", true), result()], "a chunk after the last one"],
    ["a log line among chunks", [chunk("a"), meanwhile, chunk("b", true), result()], "something else among the chunks"],
  ])("is a problem for %s", async (_what, events, problem) => {
    expect(await read(...events)).toMatchObject({ problem });
  });
});
