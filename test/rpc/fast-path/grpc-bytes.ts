import { connect, type OutgoingHttpHeaders } from "node:http2";

export interface GrpcResponse {
  readonly status: unknown;
  readonly headers: Record<string, unknown>;
  readonly trailers: Record<string, unknown>;
  readonly body: Buffer;
}

export interface GrpcRequest {
  /** Default: CallTool. */
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly pieces: readonly Buffer[];
}

/** One request, byte by byte as it is given. */
export async function ask(
  url: string,
  { path = "CallTool", headers = {}, pieces }: GrpcRequest,
): Promise<GrpcResponse> {
  const session = connect(url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/mcpmanager.v1.ManagerService/${path}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const response = { headers: {}, trailers: {} } as { headers: OutgoingHttpHeaders; trailers: OutgoingHttpHeaders };
    stream.on("response", (got) => Object.assign(response.headers, got));
    stream.on("trailers", (got) => Object.assign(response.trailers, got));
    for (const piece of pieces) {
      stream.write(piece);
      // So that it comes in a frame of its own.
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const { date: _date, ":status": status, ...rest } = response.headers;
    return { status, headers: rest, trailers: { ...response.trailers }, body: Buffer.concat(chunks) };
  } finally {
    session.destroy();
  }
}

export function envelope(message: Uint8Array, { flags = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

const instanceIds = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Without what differs from server to server: the ids of instances. */
export function steady({ trailers, body, ...response }: GrpcResponse) {
  const details = Buffer.from(String(trailers["grpc-status-details-bin"] ?? ""), "base64");
  const [shownDetails, shownBody] = [details, body].map((bytes) =>
    bytes.toString("latin1").replaceAll(instanceIds, ""),
  );
  return { ...response, trailers: { ...trailers, "grpc-status-details-bin": shownDetails }, body: shownBody };
}
