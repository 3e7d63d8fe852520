import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Readable } from "node:stream";

/** One line of a stream over REST. */
export interface StreamLine {
  readonly progress?: { readonly progress: number };
  readonly log?: { readonly text: string };
  readonly gap?: { readonly lines: string };
  readonly heartbeat?: object;
  readonly result?: { readonly isError: boolean; readonly content: readonly { readonly text?: { text: string } }[] };
  readonly resultChunk?: { readonly resultJson: string; readonly last: boolean };
  readonly instanceId?: string;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly details: readonly { readonly reason?: string; readonly metadata?: Record<string, string> }[];
  };
}

/** A stream over REST whose caller reads only what it asks for; the caller leaves when it is disposed. */
export interface RestStream extends Disposable {
  readonly status: number;
  readonly lines: AsyncGenerator<StreamLine>;
}

export type RestProtocol = "HTTP/1.1" | "HTTP/2";

/** Posts a call, and resolves with the response's head: the first event comes with it. */
export async function openRestStream(
  url: string,
  options: { protocol: RestProtocol; path: string; body: object; headers?: Record<string, string> },
): Promise<RestStream> {
  const { protocol, path, body } = options;
  const headers = { "content-type": "application/json", ...options.headers };
  if (protocol === "HTTP/1.1") {
    const request = http.request(`${url}${path}`, { method: "POST", headers });
    request.on("error", () => {});
    request.end(JSON.stringify(body));
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const leave = () => void request.destroy();
    return { status: response.statusCode ?? 0, lines: linesOf(response), [Symbol.dispose]: leave };
  }
  const session = http2.connect(url);
  const stream = session.request({ ":method": "POST", ":path": path, ...headers });
  stream.end(JSON.stringify(body));
  const [head] = (await once(stream, "response")) as [http2.IncomingHttpHeaders & { ":status"?: number }];
  return { status: head[":status"] ?? 0, lines: linesOf(stream), [Symbol.dispose]: () => session.destroy() };
}

async function* linesOf(body: Readable): AsyncGenerator<StreamLine> {
  const parts: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      parts.push(rest.subarray(0, end));
      yield JSON.parse(Buffer.concat(parts.splice(0)).toString());
      rest = rest.subarray(end + 1);
    }
    parts.push(rest);
  }
}
