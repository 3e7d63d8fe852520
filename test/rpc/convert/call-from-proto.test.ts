import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CallToolRequestSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { callFromProto } from "../../../src/rpc/convert/call-from-proto.ts";

describe("callFromProto", () => {
  it.each([
    [
      { case: "arguments", value: { a: 1 } },
      { argumentsJson: '{"a":1}', argumentsField: "arguments" },
    ],
    [
      { case: "argumentsJson", value: '{"a":1}' },
      { argumentsJson: '{"a":1}', argumentsField: "arguments_json" },
    ],
  ] as const)("tells what errors about the arguments shall name: %o", (input, told) => {
    const { call } = callFromProto(create(CallToolRequestSchema, { server: "s", tool: "t", input }), {});
    expect(call).toMatchObject(told);
  });
});
