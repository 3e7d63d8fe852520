import { mapMessages } from "../../src/rpc/call/map-messages.ts";
import { keep, type Pair } from "./by-hand.ts";

export const mapIterator: Pair = {
  thing: "an iterator that maps a stream",
  file: "src/rpc/call/map-messages.ts",
  plainForm: "an async generator",
  goesBelow: 1.2,
  // The method, its call and an interceptor.
  part: { of: "a line of a log", times: 3 },
  hand: (times) => read(mapMessages(messages(times), { message: (value) => ({ value }), error: (error) => error })),
  plain: (times) => read(byGenerator(messages(times))),
};

async function* messages(times: number): AsyncGenerator<number> {
  for (let time = 0; time < times; time += 1) yield time;
}

async function* byGenerator(source: AsyncIterable<number>): AsyncGenerator<{ value: number }> {
  for await (const value of source) yield { value };
}

async function read(mapped: AsyncIterable<unknown>): Promise<void> {
  for await (const message of mapped) keep(message);
}
