import { describe, expect, it } from "vitest";
import { answerToProto } from "../../../src/rpc/convert/answer-to-proto.ts";

const answer = (json: string) => ({ result: { json, isError: false, kind: "complete" as const }, instance: "i-1" });

describe("answerToProto", () => {
  it("says which instance answered", () => {
    const response = answerToProto(answer("{}"), { server: "fs", resultFormat: "json" });
    expect(response).toMatchObject({ resultJson: "{}", instanceId: "i-1" });
  });

  it("names server and instance when the result has no typed form", () => {
    const convert = () => answerToProto(answer('{"content":7}'), { server: "fs", resultFormat: "typed" });
    const details = { reason: "MALFORMED_RESULT", delivery: "answered", server: "fs", instance: "i-1" };
    expect(convert).toThrow(expect.objectContaining({ details }));
  });
});
