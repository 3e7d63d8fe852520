/** Results that a server may write, which ours keep and the SDK's clients (both of them) change or refuse. */
export const losses: readonly { what: string; json: string; sdk: Record<string, unknown> | "refuses it" }[] = [
  {
    what: "an integer beyond 2^53",
    json: '{"content":[],"structuredContent":{"n":9007199254740993}}',
    sdk: { content: [], structuredContent: { n: 9007199254740992 } },
  },
  {
    what: "a number beyond all doubles",
    json: '{"content":[],"structuredContent":{"n":1e400}}',
    sdk: { content: [], structuredContent: { n: Infinity } },
  },
  {
    what: "a member called __proto__",
    json: '{"content":[],"structuredContent":{"__proto__":{"x":1}}}',
    sdk: { content: [], structuredContent: {} },
  },
  {
    what: "a field of a text block that MCP doesn't have",
    json: '{"content":[{"type":"text","text":"t","field":1}]}',
    sdk: { content: [{ type: "text", text: "t" }] },
  },
  {
    what: "an annotation that MCP doesn't have",
    json: '{"content":[{"type":"text","text":"t","annotations":{"field":1}}]}',
    sdk: { content: [{ type: "text", text: "t", annotations: {} }] },
  },
  {
    what: "a field of an embedded resource that MCP doesn't have",
    json: '{"content":[{"type":"resource","resource":{"uri":"a:b","text":"t","field":1}}]}',
    sdk: { content: [{ type: "resource", resource: { uri: "a:b", text: "t" } }] },
  },
  {
    what: "a field of a resource link that MCP doesn't have",
    json: '{"content":[{"type":"resource_link","uri":"a:b","name":"n","field":1}]}',
    sdk: { content: [{ type: "resource_link", uri: "a:b", name: "n" }] },
  },
  { what: "a kind of content that MCP doesn't have", json: '{"content":[{"type":"new","v":1}]}', sdk: "refuses it" },
  { what: "a text block without text", json: '{"content":[{"type":"text"}]}', sdk: "refuses it" },
  {
    what: "an image that is no base64",
    json: '{"content":[{"type":"image","data":"no base64!","mimeType":"image/png"}]}',
    sdk: "refuses it",
  },
  {
    what: "structured content that is an array, in the legacy era",
    json: '{"content":[],"structuredContent":[1]}',
    sdk: "refuses it",
  },
  { what: "isError that is no boolean", json: '{"content":[],"isError":"yes"}', sdk: "refuses it" },
];
