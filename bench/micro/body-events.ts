import http from "node:http";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import type { ReadBefore } from "../../src/server/requests/node-body.ts";
import { readBody } from "../../src/server/requests/whole-body.ts";
import { Transfer } from "../../src/server/responses/transfer-budget.ts";
import { keep, type Pair } from "./by-hand.ts";

const bytes = Buffer.alloc(150);
const response = new http.ServerResponse(new http.IncomingMessage(new Socket()));

export const bodyEvents: Pair = {
  thing: "a body read by events",
  file: "src/server/requests/whole-body.ts",
  plainForm: "for await",
  goesBelow: 1.3,
  part: { of: "a call", times: 1 },
  hand: async (times) => {
    for (let time = 0; time < times; time += 1) keep(await byEvents());
  },
  plain: async (times) => {
    for (let time = 0; time < times; time += 1) keep(await byIterator());
  },
};

/** One chunk, as nearly all are. */
function body(): Readable {
  const readable = new Readable({ read() {} });
  readable.push(bytes);
  readable.push(null);
  return readable;
}

function byEvents(): Promise<ReadBefore> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadBefore>();
  const unsent = new Transfer(response, () => {});
  readBody(body(), { maxBytes: 1000, unsent, onRead: resolve, onLeft: () => reject(new Error("left")) });
  return promise;
}

async function byIterator(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
