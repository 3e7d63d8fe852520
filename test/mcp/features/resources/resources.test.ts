import { describe, expect, it } from "vitest";
import { typedReadResult } from "../../../../src/mcp/features/resources/read-result.ts";
import type { ReadRequest } from "../../../../src/mcp/features/resources/resources.ts";
import type { ChildSession } from "../../child-server.ts";
import { receivedBy } from "../../hostile-session.ts";
import { eras, ready } from "../../offering-session.ts";
import { scriptedSession } from "../../scripted-session.ts";

const read = ({ session }: ChildSession, uri: string, more: Omit<ReadRequest, "uri"> = {}) =>
  session.resources.read({ uri, ...more }, {});

describe.each(eras)("Reading a resource of a server of the %s era", (era) => {
  it("gives its contents", async () => {
    await using child = await ready(era);
    expect(typedReadResult(await read(child, "mem://note")).contents).toEqual([
      { uri: "mem://note", mimeType: "text/plain", contents: { text: "grüße" }, extraJson: "" },
    ]);
  });

  it("keeps the server's text byte for byte, and loses nothing of it in the typed form", async () => {
    await using child = await ready(era);
    const json =
      '{"contents": [{"uri":"a:b","blob":"AAEC","_meta":{"n":9007199254740993}},{"uri":"a:c","text":"\\ud800"},{"text":"no uri"}],"ttlMs":1e400}';
    const result = await read(child, `raw:${json}`);
    expect(result.json).toBe(json);
    expect(typedReadResult(result)).toEqual({
      contents: [
        {
          uri: "a:b",
          mimeType: "",
          contents: { blob: Buffer.from([0, 1, 2]) },
          extraJson: '{"_meta":{"n":9007199254740993}}',
        },
        { json: '{"uri":"a:c","text":"\\ud800"}' },
        { json: '{"text":"no uri"}' },
      ],
      inputRequestsJson: "",
      extraJson: '{"ttlMs":1e400}',
    });
  });

  it.each([
    ["mem://gone", "not_found", "RESOURCE_NOT_FOUND"],
    ["mem://vague", "not_found", "RESOURCE_NOT_FOUND"],
    ["mem://invalid", "invalid", "SERVER_REFUSED_PARAMS"],
  ])("says of %s what the server meant", async (uri, kind, reason) => {
    await using child = await ready(era);
    await expect(read(child, uri)).rejects.toMatchObject({ kind, details: { reason, delivery: "answered" } });
  });

  it.each(["7", "null"])("gives contents that are %s as the server wrote them", async (contents) => {
    await using child = await ready(era);
    const result = await read(child, `raw:{"contents":${contents}}`).then(typedReadResult);
    expect(result).toMatchObject({ contents: [], extraJson: `{"contents":${contents}}` });
  });

  it.each(["7", "[]"])("refuses the result %s", async (json) => {
    await using child = await ready(era);
    const malformed = { kind: "protocol", details: { reason: "MALFORMED_RESULT", delivery: "answered" } };
    await expect(read(child, `raw:${json}`).then(typedReadResult)).rejects.toMatchObject(malformed);
  });

  it("tells the server when it is given up", async () => {
    await using child = await ready(era);
    const controller = new AbortController();
    const reading = child.session.resources.read({ uri: "mem://silent" }, { signal: controller.signal });
    const asked = async () => (await receivedBy(child.session)).find(({ method }) => method === "resources/read");
    await expect.poll(asked).toBeDefined();
    controller.abort();
    await expect(reading).rejects.toMatchObject({ kind: "cancelled", details: { delivery: "sent" } });
    const cancelled = (await receivedBy(child.session)).find(({ method }) => method === "notifications/cancelled");
    expect(cancelled?.params?.requestId).toBe((await asked())?.id);
  });
});

describe("Reading a resource whose server asks its caller", () => {
  it("gives the question to a caller that can answer, and the responses and the state to the server", async () => {
    await using child = await ready("modern");
    const clientCapabilitiesJson = '{"elicitation":{}}';
    const asked = await read(child, "mem://ask", { clientCapabilitiesJson });
    expect(asked).toMatchObject({ kind: "input_required", requestState: "ask-1" });
    expect(JSON.parse(typedReadResult(asked).inputRequestsJson).who.method).toBe("elicitation/create");
    const replies = { inputResponsesJson: '{"who":{"action":"accept"}}', requestState: "ask-1" };
    const [contents] = typedReadResult(await read(child, "mem://ask", { clientCapabilitiesJson, ...replies })).contents;
    const text = JSON.stringify({ inputResponses: { who: { action: "accept" } }, requestState: "ask-1" });
    expect(contents).toMatchObject({ contents: { text } });
  });

  it("fails for a caller that can't, and for input responses that a legacy server would ignore", async () => {
    await using child = await ready("modern");
    await expect(read(child, "mem://ask")).rejects.toMatchObject({ details: { reason: "INPUT_REQUIRED" } });
    await using legacy = await ready("legacy");
    await expect(read(legacy, "mem://note", { requestState: "x" })).rejects.toMatchObject({
      kind: "invalid",
      details: { violations: [{ field: "request_state" }] },
    });
  });
});

describe("Reading a resource with more than servers take", () => {
  it.each([
    ["meta_json", { metaJson: `{"a":"${"x".repeat(10_485_760)}"}` }],
    ["client_capabilities_json", { clientCapabilitiesJson: `{"a":"${"x".repeat(10_485_760)}"}` }],
  ])("is refused by the largest field: %s", async (field, more) => {
    await using child = await ready("modern");
    await expect(read(child, "mem://note", more)).rejects.toMatchObject({
      kind: "invalid",
      details: { violations: [{ field }] },
    });
  });
});

describe("A resource of a server whose errors have codes of their own", () => {
  it.each([
    [0, "Unknown resource: x:nope", "x:nope", "RESOURCE_NOT_FOUND"],
    [-32603, "Resource not found", "x:nope", "RESOURCE_NOT_FOUND"],
    [-32603, "disk full", "x:nope", "SERVER_ERROR"],
    [-32603, "its file is not found", "x:listed", "SERVER_ERROR"],
  ])("is not found only if the server says so and does not list it (%i %s)", async (code, message, uri, reason) => {
    const { session } = scriptedSession((method) =>
      method === "resources/list" ? '{"resources":[{"uri":"x:listed"}]}' : { error: { code, message } },
    );
    await expect(session.resources.read({ uri }, {})).rejects.toMatchObject({ details: { reason, rpcCode: code } });
  });
});
