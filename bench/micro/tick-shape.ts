import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { keepTickShape } from "../../src/base/node-quirks/tick-shape.ts";
import { type Pair, repeat } from "./by-hand.ts";

const collections = 5;

/** After full collections, which a manager has had soon. */
export const tickShape: Pair = {
  thing: "the shape of ticks, kept",
  file: "src/base/node-quirks/tick-shape.ts",
  plainForm: "nothing",
  goesBelow: 1.5,
  part: { of: "a call", times: 6 },
  apart: true,
  prepare: async (side) => {
    if (side === "hand") keepTickShape();
    await ticks(1000);
    setFlagsFromString("--expose-gc");
    repeat(runInNewContext("gc"))(collections);
  },
  hand: ticks,
  plain: ticks,
};

function ticks(times: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = times;
  const next = () => {
    left -= 1;
    if (left <= 0) resolve();
    else process.nextTick(next);
  };
  process.nextTick(next);
  return promise;
}
