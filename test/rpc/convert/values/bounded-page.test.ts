import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ListToolsResponseSchema } from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import { ToolSchema } from "../../../../gen/mcpmanager/v1/tool_pb.ts";
import { pageByPosition } from "../../../../src/operations/requests/page.ts";
import { boundedPage } from "../../../../src/rpc/convert/values/bounded-page.ts";

function page(descriptions: readonly string[], request: { pageSize?: number; pageToken?: string } = {}) {
  const { pageSize = 0, pageToken = "" } = request;
  return boundedPage({
    pageSize,
    page: (size) => pageByPosition(descriptions, { pageToken, pageSize: size, defaultSize: 1000 }),
    schema: ToolSchema,
    convert: (description) => create(ToolSchema, { name: "x", description }),
  });
}

describe("boundedPage", () => {
  it("is the whole page when that is small", () => {
    expect(page(["a", "b"])).toMatchObject({ items: [{ description: "a" }, { description: "b" }], nextPageToken: "" });
    expect(page(["a", "b"], { pageSize: 1 }).items).toHaveLength(1);
  });

  it("ends before it is larger than clients accept, and the next goes on from there", () => {
    const descriptions = Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(300_000, "é"));
    const got: string[] = [];
    for (let pageToken: string | undefined = ""; pageToken !== undefined; ) {
      const { items, nextPageToken }: ReturnType<typeof page> = page(descriptions, { pageToken });
      const message = create(ListToolsResponseSchema, { tools: items, nextPageToken });
      expect(toBinary(ListToolsResponseSchema, message).length).toBeLessThan(4 * 1024 * 1024);
      got.push(...items.map(({ description }) => description));
      pageToken = nextPageToken === "" ? undefined : nextPageToken;
    }
    expect(got).toEqual(descriptions);
  });

  it("has one item at least, however large that is", () => {
    const large = "x".repeat(5_000_000);
    const first = page([large, "b"]);
    expect(first.items).toMatchObject([{ description: large }]);
    expect(page([large, "b"], { pageToken: first.nextPageToken }).items).toMatchObject([{ description: "b" }]);
  });
});
