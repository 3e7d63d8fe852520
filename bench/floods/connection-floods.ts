import { setTimeout as delay } from "node:timers/promises";
import type { Attack, Sent } from "./attack.ts";
import { bounded, floodMs } from "./bounded.ts";
import { RawSocket } from "./bytes/raw-socket.ts";

const health = Buffer.from("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
const openApi = Buffer.from("GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
const halfHead = Buffer.from("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
const halfBody = Buffer.concat([
  Buffer.from("POST /servers/echo/call HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"),
  Buffer.from("Content-Length: 16000000\r\n\r\n"),
  Buffer.alloc(64 * 1024, " "),
]);
const chunkedHead = Buffer.from(
  "POST /servers/echo/call HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
);
const oneByteChunk = Buffer.from("1\r\n \r\n");
const many = 1000;
const pipelined = 20_000;
const startOfAnswer = Buffer.from("HTTP/1.1 ");

/** A connection that counts the answers over HTTP/1.1; those cut in two by a chunk's end are found, too. */
async function counting(port: number, signal: AbortSignal): Promise<{ socket: RawSocket; answers: () => number }> {
  let [answers, tail] = [0, Buffer.alloc(0)];
  const onBytes = (chunk: Buffer) => {
    const bytes = Buffer.concat([tail, chunk]);
    let at = bytes.indexOf(startOfAnswer);
    let end = 0;
    while (at >= 0) {
      answers += 1;
      end = at + startOfAnswer.length;
      at = bytes.indexOf(startOfAnswer, end);
    }
    tail = bytes.subarray(Math.max(end, bytes.length - startOfAnswer.length + 1));
  };
  return { socket: await RawSocket.open(port, { signal, onBytes }), answers: () => answers };
}

/** So many connections, each of which says this; then `meanwhile` for as long as a flood lasts. */
function connections(
  name: string,
  {
    says,
    meanwhile = (_, { signal }) => delay(floodMs, undefined, { signal }),
  }: {
    says: Buffer;
    meanwhile?: (sockets: readonly RawSocket[], options: { signal: AbortSignal }) => Promise<unknown>;
  },
): Attack {
  return {
    name,
    single: false,
    async run(port, signal) {
      const sockets: RawSocket[] = [];
      const open = async () => {
        const socket = await RawSocket.open(port, { signal, onBytes: () => {} }).catch(() => undefined);
        if (socket === undefined) return false;
        sockets.push(socket);
        void socket.write(says);
        return true;
      };
      await bounded(open, { signal, most: many, ms: 10_000 });
      await meanwhile(sockets, { signal }).catch(() => {});
      return taken(sockets);
    },
  };
}

function taken(sockets: readonly RawSocket[]): Sent {
  const open = sockets.filter(({ closed }) => !closed).length;
  for (const socket of sockets) socket.destroy();
  const bytes = sockets.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return { bytes, count: sockets.length, outcome: `${open} of ${sockets.length} left open` };
}

/** GET /health, as many as come in one write on each of so many connections. */
function pipeline(name: string, opened: number): Attack {
  const each = Math.floor(pipelined / opened);
  return {
    name,
    single: false,
    async run(port, signal) {
      const all = await Promise.all(Array.from({ length: opened }, () => counting(port, signal)));
      await Promise.all(
        all.map(async ({ socket, answers }) => {
          await socket.write(Buffer.alloc(health.length * each, health));
          await socket.until(() => answers() >= each, 15_000);
        }),
      );
      const answered = all.reduce((sum, { answers }) => sum + answers(), 0);
      const { bytes, outcome } = taken(all.map(({ socket }) => socket));
      return { bytes, count: opened * each, outcome: `${answered} answered, ${outcome}` };
    },
  };
}

const unread: Attack = {
  name: "8,000 GET /openapi.json that are not read, HTTP/1.1",
  single: false,
  async run(port, signal) {
    const open = () => RawSocket.open(port, { signal, onBytes: () => {} });
    const sockets = await Promise.all(Array.from({ length: 8 }, open));
    for (const socket of sockets) {
      socket.pause();
      void socket.write(Buffer.alloc(openApi.length * many, openApi));
    }
    await delay(floodMs, undefined, { signal }).catch(() => {});
    return { ...taken(sockets), count: sockets.length * many };
  },
};

/** One request whose body comes in chunks of one byte each. */
const byteChunks: Attack = {
  name: "body in chunks of one byte, HTTP/1.1",
  single: true,
  async run(port, signal) {
    const socket = await RawSocket.open(port, { signal, onBytes: () => {} });
    await socket.write(chunkedHead);
    const block = Buffer.alloc(oneByteChunk.length * many, oneByteChunk);
    const more = async () => {
      await socket.write(block);
      return !socket.closed;
    };
    const writes = await bounded(more, { signal, most: 5000 });
    const { bytes, outcome } = taken([socket]);
    return { bytes, count: writes * many, outcome };
  },
};

const openedAndClosed: Attack = {
  name: "connections opened and closed",
  single: false,
  async run(port, signal) {
    const each = async () => {
      const socket = await RawSocket.open(port, { signal, onBytes: () => {} }).catch(() => undefined);
      await socket?.write(health);
      socket?.destroy();
      return true;
    };
    const counts = await Promise.all(Array.from({ length: 16 }, () => bounded(each, { signal, most: 2000 })));
    const count = counts.reduce((sum, one) => sum + one, 0);
    return { bytes: count * health.length, count, outcome: "" };
  },
};

export const connectionFloods: readonly Attack[] = [
  pipeline("20,000 pipelined GET /health, HTTP/1.1", 1),
  pipeline("20,000 pipelined GET /health, 20 connections", 20),
  connections("1,000 idle connections", { says: Buffer.alloc(0) }),
  connections("1,000 slow heads, HTTP/1.1", {
    says: halfHead,
    meanwhile: (sockets, { signal }) => {
      const everybody = async () => {
        for (const socket of sockets) void socket.write(Buffer.from("x"));
        await delay(200, undefined, { signal });
        return true;
      };
      return bounded(everybody, { signal, most: 100 });
    },
  }),
  connections("1,000 half-sent bodies", { says: halfBody }),
  byteChunks,
  unread,
  openedAndClosed,
];
