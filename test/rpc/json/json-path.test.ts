import { describe, expect, it } from "vitest";
import { CallToolRequestSchema, StartRequestSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { protoPath } from "../../../src/rpc/json/json-path.ts";

describe("protoPath writes", () => {
  it.each([
    [["spec", "pullPolicy"], "spec.pull_policy"],
    [["spec", "capAdd", 1], "spec.cap_add[1]"],
    [["spec", "mounts", 2, "readOnly"], "spec.mounts[2].readOnly"],
    [["spec", "env", "A.B"], 'spec.env["A.B"]'],
    [["spec", "callLimits", "maxInFlight"], "spec.call_limits.max_in_flight"],
    [["nope", "pullPolicy", 0], "nope.pullPolicy[0]"],
  ])("%j as %s", (path, text) => {
    expect(protoPath(StartRequestSchema, path)).toBe(text);
  });

  it("what stands in a Struct as its caller wrote it", () => {
    expect(protoPath(CallToolRequestSchema, ["arguments", "fooBar", 3, "a b"])).toBe('arguments.fooBar[3]["a b"]');
  });
});
