import { describe, expect, it } from "vitest";
import { readContent } from "../../../../src/mcp/features/shared/content.ts";

const none = { annotationsJson: "", extraJson: "" };

describe("readContent", () => {
  it("reads text, whatever characters are in it", () => {
    const text = "a\u00a0b\u200dc\u2028\u0000🙂 é";
    expect(readContent(JSON.stringify({ type: "text", text }))).toEqual({ kind: "text", text, ...none });
    expect(readContent('{"type":"text","text":"\\u00e9\\ud83d\\ude42\\/\\b"}')).toEqual({
      kind: "text",
      text: "é🙂/\b",
      ...none,
    });
  });

  it("keeps annotations and unknown fields as they were written", () => {
    expect(
      readContent(
        '{"type":"text","text":"x","annotations":{ "priority": 1.0 },"_meta":{"n":9007199254740993},"__proto__":[1e400]}',
      ),
    ).toEqual({
      kind: "text",
      text: "x",
      annotationsJson: '{ "priority": 1.0 }',
      extraJson: '{"_meta":{"n":9007199254740993},"__proto__":[1e400]}',
    });
  });

  it.each([
    '{"type":"text","text":"a","text":"b"}',
    '{"type":"text","text":"a","annotations":{},"annotations":{}}',
    '{"type":"image","type":"text","text":"a"}',
    '{"type":"resource","resource":{"uri":"a:b","text":"","text":"x"}}',
  ])("keeps %s as it is, of which its kind would drop a member", (json) => {
    expect(readContent(json)).toEqual({ kind: "json", json });
  });

  it("keeps an unknown member twice that comes twice", () => {
    const block = '{"type":"text","text":"a","x":1,"x":2}';
    expect(readContent(block)).toMatchObject({ kind: "text", extraJson: '{"x":1,"x":2}' });
  });

  it("decodes the base64 of images and audio", () => {
    expect(readContent('{"type":"image","data":"AP/+","mimeType":"image/png"}')).toEqual({
      kind: "image",
      data: Buffer.from([0, 255, 254]),
      mimeType: "image/png",
      ...none,
    });
    expect(readContent('{"type":"audio","data":"AA==","mimeType":"audio/wav","x":1}')).toEqual({
      kind: "audio",
      data: Buffer.from([0]),
      mimeType: "audio/wav",
      annotationsJson: "",
      extraJson: '{"x":1}',
    });
    expect(readContent('{"type":"image","data":"","mimeType":"image/png"}')).toMatchObject({ data: Buffer.alloc(0) });
  });

  it("reads a resource link with what it has", () => {
    expect(readContent('{"type":"resource_link","uri":"file:///a","name":"a"}')).toEqual({
      kind: "resource_link",
      uri: "file:///a",
      name: "a",
      title: "",
      description: "",
      mimeType: "",
      ...none,
    });
    expect(
      readContent(
        '{"type":"resource_link","uri":"u","name":"n","title":"t","description":"d","mimeType":"m","size":123456789012345,"icons":[]}',
      ),
    ).toMatchObject({
      title: "t",
      description: "d",
      mimeType: "m",
      sizeBytes: 123_456_789_012_345,
      extraJson: '{"icons":[]}',
    });
  });

  it("reads an embedded resource, text or blob, with the extras of both objects apart", () => {
    expect(
      readContent(
        '{"type":"resource","resource":{"uri":"u","mimeType":"m","text":"x","_meta":{"a":1.0}},"_meta":{"b":2}}',
      ),
    ).toEqual({
      kind: "embedded_resource",
      uri: "u",
      mimeType: "m",
      contents: { text: "x" },
      resourceExtraJson: '{"_meta":{"a":1.0}}',
      annotationsJson: "",
      extraJson: '{"_meta":{"b":2}}',
    });
    expect(readContent('{"type":"resource","resource":{"uri":"u","blob":"AAE="}}')).toMatchObject({
      mimeType: "",
      contents: { blob: Buffer.from([0, 1]) },
      resourceExtraJson: "",
    });
    expect(readContent('{"type":"resource","resource":{"uri":"u","text":"x","blob":"AA=="}}')).toMatchObject({
      contents: { text: "x" },
      resourceExtraJson: '{"blob":"AA=="}',
    });
  });

  it.each([
    ["a kind that is not known", '{"type":"hologram", "data":{"n":1.0}}'],
    ["no kind", '{"text":"x"}'],
    ["a kind that is no string", '{"type":1,"text":"x"}'],
    ["no object", "7"],
    ["text that is missing", '{"type":"text"}'],
    ["text that is no string", '{"type":"text","text":null}'],
    ["text with an unpaired surrogate", '{"type":"text","text":"\\ud800"}'],
    ["no media type", '{"type":"image","data":"AA=="}'],
    ["base64 with a foreign character", '{"type":"image","data":"AA-_","mimeType":"m"}'],
    ["base64 with a line break", '{"type":"image","data":"AAAA\\nAAAA","mimeType":"m"}'],
    ["base64 without its padding", '{"type":"image","data":"AA","mimeType":"m"}'],
    ["base64 with padding inside", '{"type":"image","data":"AA==AAAA","mimeType":"m"}'],
    ["a link without a name", '{"type":"resource_link","uri":"u"}'],
    ["a link with a size that is no integer", '{"type":"resource_link","uri":"u","name":"n","size":1.5}'],
    ["a link with a negative size", '{"type":"resource_link","uri":"u","name":"n","size":-1}'],
    ["a link with a size beyond 2^53", '{"type":"resource_link","uri":"u","name":"n","size":9007199254740993}'],
    ["a link with a title that is null", '{"type":"resource_link","uri":"u","name":"n","title":null}'],
    ["a resource that is missing", '{"type":"resource"}'],
    ["a resource without contents", '{"type":"resource","resource":{"uri":"u"}}'],
    ["a resource without a uri", '{"type":"resource","resource":{"text":"x"}}'],
    ["a resource with text that is no string", '{"type":"resource","resource":{"uri":"u","text":1,"blob":"AA=="}}'],
    ["a resource with a broken blob", '{"type":"resource","resource":{"uri":"u","blob":"?"}}'],
    [
      "a resource with a media type that is no string",
      '{"type":"resource","resource":{"uri":"u","text":"x","mimeType":1}}',
    ],
  ])("keeps the server's own text of a block with %s", (_what, text) => {
    expect(readContent(text)).toEqual({ kind: "json", json: text });
  });
});
