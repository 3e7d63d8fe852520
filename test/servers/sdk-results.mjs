// Results that the servers on both SDKs give.

export function text(content) {
  return { content: [{ type: "text", text: content }] };
}

/** One of each kind of content. */
export const kinds = {
  content: [
    { type: "text", text: "text", annotations: { audience: ["user"], priority: 0.5 } },
    { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" },
    { type: "audio", data: "UklGRg==", mimeType: "audio/wav" },
    { type: "resource_link", uri: "file:///a.txt", name: "a.txt", mimeType: "text/plain", size: 7 },
    { type: "resource", resource: { uri: "file:///b.txt", mimeType: "text/plain", text: "b" } },
    { type: "resource", resource: { uri: "file:///c.bin", mimeType: "application/octet-stream", blob: "AAECAw==" } },
  ],
  _meta: { "example.org/note": "a field of the server's own" },
};
