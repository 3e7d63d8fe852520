/** HTTP/2 as bytes (RFC 9113, 7541): a caller who keeps to no rule is not to be had from a library. */

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
}

export const headBytes = 9;

export function frame({ type, flags = 0, stream = 0, payload = Buffer.alloc(0) }: Frame): Buffer {
  const bytes = Buffer.alloc(headBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, headBytes);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header that no table remembers, without Huffman's code. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

/** A header that is put first into the dynamic table, where `newest` names it. */
export function remembered(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), text(name), text(value)]);
}

/** A reference to the newest entry of the dynamic table: index 62. */
export const newest = 0x80 | 62;

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([prefixed(bytes.length), bytes]);
}

/** An integer in seven bits and as many bytes as it needs besides (RFC 7541, 5.1). */
function prefixed(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

export function getHeaders(path: string): Buffer {
  return pseudo("GET", path);
}

export function grpcRequestHeaders(path: string): Buffer {
  return Buffer.concat([pseudo("POST", path), literal("content-type", "application/grpc"), literal("te", "trailers")]);
}

function pseudo(method: string, path: string): Buffer {
  const headers = { ":method": method, ":scheme": "http", ":authority": "127.0.0.1", ":path": path };
  return Buffer.concat(Object.entries(headers).map(([name, value]) => literal(name, value)));
}
