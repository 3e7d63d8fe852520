import { describe, expect, it } from "vitest";
import { differenceOf, readRunnerOutput } from "./runner-output.ts";

const output = `FAILED: Basic/HTTPVersion:1/unimplemented:
\tconnect error JSON: details[0]: could not check debug data because message type "google.rpc.ErrorInfo" could not be resolved: proto:\u00a0not found
\t; actual error contain 1 details; expecting 0
FAILED: Timeouts/HTTPVersion:2/unary:
\tactual error contain 1 details; expecting 0
two lines

Total cases: 4
2 passed, 2 failed
`;

describe("What the conformance runner says", () => {
  it("is read as cases and all that is held against each", () => {
    const { total, passed, failed } = readRunnerOutput(output);
    expect([total, passed]).toEqual([4, 2]);
    expect(failed.map(({ name }) => name)).toEqual([
      "Basic/HTTPVersion:1/unimplemented",
      "Timeouts/HTTPVersion:2/unary",
    ]);
    expect(failed[1]?.complaints).toEqual(["actual error contain 1 details; expecting 0", "two lines"]);
  });

  it("is explained by a listed difference only when that explains all of it", () => {
    const { failed } = readRunnerOutput(output);
    expect(failed.map(differenceOf)).toEqual(["error with ErrorInfo", undefined]);
    expect(differenceOf({ name: "Basic/x", complaints: [] })).toBeUndefined();
  });

  it.each(["", "Total cases: 4\n2 passed, 1 failed\n"])("is no result without totals that agree: %j", (text) => {
    expect(() => readRunnerOutput(text)).toThrow("did not say how its cases ended");
  });
});
