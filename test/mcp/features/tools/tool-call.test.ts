import { describe, expect, it } from "vitest";
import { modernCodec } from "../../../../src/mcp/eras/modern.ts";
import { toolCallParams } from "../../../../src/mcp/features/tools/tool-call.ts";

const codec = modernCodec({ clientInfo: { name: "test", version: "0" }, logs: false });
const large = "x".repeat(11_000_000);
const json = `{"x":"${large}"}`;
/** Three bytes each, and six where they are escaped on their way out. */
const breaks = "\u2028".repeat(2_000_000);

describe("toolCallParams", () => {
  it.each([
    ["arguments", { argumentsJson: json }],
    ["arguments_json", { argumentsJson: json, argumentsField: "arguments_json" }],
    ["meta_json", { metaJson: json }],
    ["client_capabilities_json", { clientCapabilitiesJson: json }],
    ["input_responses_json", { inputResponsesJson: json }],
    ["request_state", { requestState: large }],
    ["arguments", { argumentsJson: `{"x":"${breaks}"}` }],
    ["request_state", { requestState: breaks }],
  ] as const)("refuses more than servers accept by the name of what is too large: %s", (field, call) => {
    const description = "is too large: what a call sends may have at most 10484736 bytes as JSON";
    expect(() => toolCallParams({ tool: "t", argumentsJson: "{}", ...call }, { codec })).toThrow(
      expect.objectContaining({
        kind: "invalid",
        details: expect.objectContaining({ violations: [{ field, description }] }),
      }),
    );
  });
});
