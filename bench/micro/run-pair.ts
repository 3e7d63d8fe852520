/**
 * run-pair NAME ROUNDS ROUND_MS [hand|plain]: a process of its own, which measures a pair, or one side of it once, and
 * prints what that took as JSON.
 */
import type { Pair } from "./by-hand.ts";
import { measurePair, measureSide } from "./measure-pair.ts";
import { pairs } from "./pairs.ts";

const [name = "", rounds, roundMs, side] = process.argv.slice(2);
const pair: Pair = pairs[name as keyof typeof pairs];
const isSide = side === "hand" || side === "plain";
if (isSide) await pair.prepare?.(side);
const result = isSide
  ? await measureSide(pair[side], Number(roundMs))
  : await measurePair(pair, { rounds: Number(rounds), roundMs: Number(roundMs) });
// Timers that a side left would keep it.
process.stdout.write(JSON.stringify(result), () => process.exit());
