import { describe, expect, it } from "vitest";
import { readTool } from "../../../../src/mcp/features/tools/tool.ts";

describe("readTool", () => {
  it("keeps a title or description that its place can't hold in the rest", () => {
    expect(readTool('{"name":"x","title":{"en":"X"},"description":null}')).toMatchObject({
      title: "",
      description: "",
      extraJson: '{"title":{"en":"X"},"description":null}',
    });
    expect(readTool('{"name":"x","title":"X","description":"\\ud800"}')).toMatchObject({
      title: "X",
      description: "\ufffd",
      extraJson: '{"description":"\\ud800"}',
    });
  });

  it.each(["7", "{}", '{"name":""}', '{"name":7}', '{"name":"\\ud800"}'])("gives none for %s", (text) => {
    expect(readTool(text)).toBeUndefined();
  });
});
