import type { Attack } from "./attack.ts";
import { bounded } from "./bounded.ts";
import { flag, frame, frameType, getHeaders, grpcRequestHeaders, literal, uint32 } from "./bytes/frames.ts";
import { RawH2 } from "./bytes/raw-h2.ts";

/** In one write; the next comes when the system took it. */
const atOnce = 1000;
/** Frames in all: more than any gets through in its three seconds. */
const mostWrites = 5000;

interface Flood {
  /** What goes before. */
  readonly first?: Buffer;
  /** Whether all of it is one request. */
  readonly single?: boolean;
}

/** One kind of frame, again and again, as fast as they are taken. */
function floodOf(name: string, unit: Buffer, { first = Buffer.alloc(0), single = false }: Flood = {}): Attack {
  const block = Buffer.alloc(unit.length * atOnce, unit);
  return {
    name,
    single,
    async run(port, signal) {
      const connection = await RawH2.open(port, { signal });
      const { socket } = connection;
      await socket.write(first);
      const work = async () => {
        await socket.write(block);
        return !socket.closed;
      };
      const writes = await bounded(work, { signal, most: mostWrites });
      const { goAway, acknowledged, closed } = { ...connection, closed: socket.closed };
      socket.destroy();
      const outcome = [
        ...(acknowledged > 1 ? [`${acknowledged} acknowledged`] : []),
        ...(goAway === undefined ? [] : [`GOAWAY ${goAway}`]),
        closed ? "closed" : "taken",
      ].join(", ");
      return { bytes: socket.sentBytes, count: writes * atOnce, outcome };
    },
  };
}

const openStream = frame({
  type: frameType.headers,
  flags: flag.endHeaders,
  stream: 1,
  payload: grpcRequestHeaders("/mcpmanager.v1.ManagerService/Get"),
});
const headersWithoutEnd = frame({ type: frameType.headers, stream: 1, payload: getHeaders("/health") });
const continued = frame({ type: frameType.continuation, stream: 1, payload: literal("x", "1") });
const oneSetting = Buffer.of(0, 4, 0, 1, 0, 0);

export const frameFloods: readonly Attack[] = [
  floodOf("PING", frame({ type: frameType.ping, payload: Buffer.alloc(8) })),
  floodOf("SETTINGS", frame({ type: frameType.settings, payload: oneSetting })),
  floodOf("CONTINUATION", continued, { first: headersWithoutEnd }),
  floodOf("CONTINUATION without a byte", frame({ type: frameType.continuation, stream: 1 }), {
    first: headersWithoutEnd,
  }),
  floodOf("WINDOW_UPDATE by nothing new", frame({ type: frameType.windowUpdate, stream: 1, payload: uint32(1) }), {
    first: openStream,
  }),
  floodOf("DATA without a byte", frame({ type: frameType.data, stream: 1 }), { first: openStream }),
  floodOf("DATA of one byte", frame({ type: frameType.data, stream: 1, payload: Buffer.of(0) }), {
    first: openStream,
    single: true,
  }),
  floodOf("frames of no known type", frame({ type: 0xbb, payload: Buffer.alloc(8) })),
];
