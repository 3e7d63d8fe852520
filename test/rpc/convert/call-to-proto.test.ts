import { describe, expect, it } from "vitest";
import { callToProto } from "../../../src/rpc/convert/call-to-proto.ts";

const callResult = (json: string) => ({ result: { json, isError: false, kind: "complete" as const }, instance: "i-1" });

describe("callToProto", () => {
  it("says which instance answered", () => {
    const response = callToProto(callResult("{}"), { server: "fs", resultFormat: "json" });
    expect(response).toMatchObject({ resultJson: "{}", instanceId: "i-1" });
  });

  it("names server and instance when the result has no typed form", () => {
    const convert = () =>
      callToProto(callResult(`{"content":[${"1,".repeat(100_001)}1]}`), { server: "fs", resultFormat: "typed" });
    const details = { reason: "RESULT_TOO_LARGE", delivery: "answered", server: "fs", instance: "i-1" };
    expect(convert).toThrow(expect.objectContaining({ details }));
  });
});
