import { once } from "node:events";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { flag, frame, frameType, getHeaders, newest, remembered } from "../../bench/floods/bytes/frames.ts";
import { counted, field, filled, nested } from "../../bench/floods/bytes/proto-bytes.ts";
import { RawH2 } from "../../bench/floods/bytes/raw-h2.ts";
import { StartRequestSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";

describe("the bytes of a large request", () => {
  it("are a message with as many elements as fit, and keys that all differ", () => {
    const entry = field(4, field(1, "kkkk"));
    const env = counted(1000, { unit: entry, at: entry.indexOf("kkkk"), digits: 4 });
    const mounts = filled(1000, field(5, ""));
    const message = Buffer.concat([field(1, "a"), field(2, Buffer.concat([env, mounts]))]);
    const { name, spec } = fromBinary(StartRequestSchema, message);
    expect(name).toBe("a");
    expect(Object.keys(spec?.env ?? {})).toHaveLength(125);
    expect(spec?.mounts).toHaveLength(500);
  });

  it("hold lists in one another as deep as they fit", () => {
    const list = nested(40, 6);
    const struct = field(1, Buffer.concat([field(1, "a"), field(2, field(6, list))]));
    let value = fromBinary(StructSchema, struct).fields.a;
    let levels = 0;
    for (; value?.kind.case === "listValue"; value = value.kind.value.values[0]) levels += 1;
    expect(levels).toBe(11);
  });
});

describe("the frames of a flood", () => {
  it("are requests to a server of HTTP/2, whose remembered header each later one has again", async () => {
    const seen: unknown[] = [];
    const server = http2.createServer((request, response) => {
      seen.push([request.url, request.headers["x-large"]]);
      response.end("well");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const cut = new AbortController();
    try {
      const { port } = server.address() as AddressInfo;
      const connection = await RawH2.open(port, { signal: cut.signal });
      const headers = getHeaders("/health");
      const first = Buffer.concat([headers, remembered("x-large", "v".repeat(300))]);
      const later = Buffer.concat([headers, Buffer.of(newest)]);
      const flags = flag.endHeaders | flag.endStream;
      const requests = [first, later].map((payload, index) =>
        frame({ type: frameType.headers, flags, stream: index * 2 + 1, payload }),
      );
      await connection.socket.write(Buffer.concat(requests));
      await connection.socket.until(() => connection.answered === 2);
      expect(connection).toMatchObject({ answered: 2, reset: 0, goAway: undefined });
      expect(seen).toEqual(Array(2).fill(["/health", "v".repeat(300)]));
    } finally {
      cut.abort();
      server.close();
    }
  });
});
