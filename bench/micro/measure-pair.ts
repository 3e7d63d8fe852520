import type { Pair, Round, Side } from "./by-hand.ts";

export interface Rounds {
  readonly rounds: number;
  /** How long each side runs in a round. */
  readonly roundMs: number;
}

/** Both sides in turn, each the first in every second round. A first round, in which code is compiled, does not count. */
export async function measurePair({ hand, plain }: Pair, { rounds, roundMs }: Rounds): Promise<Round[]> {
  const times = { hand: await timesIn(roundMs, hand), plain: await timesIn(roundMs, plain) };
  const done: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % 2 === 0 ? undefined : await nsOf(plain, times.plain);
    const handNs = await nsOf(hand, times.hand);
    const plainNs = first ?? (await nsOf(plain, times.plain));
    if (round > 0) done.push({ handNs, plainNs });
  }
  return done;
}

/** What one time takes a side that runs alone. */
export async function measureSide(side: Side, roundMs: number): Promise<number> {
  return nsOf(side, await timesIn(roundMs, side));
}

/** How many times a side does its work in about so long. */
async function timesIn(ms: number, side: Side): Promise<number> {
  for (let times = 8; ; times *= 4) {
    const ns = (await nsOf(side, times)) * times;
    if (ns > ms * 250_000) return Math.max(1, Math.round((times * ms * 1e6) / ns));
  }
}

/** Processor time of one, with what the collector of garbage takes. */
async function nsOf(side: Side, times: number): Promise<number> {
  const before = process.cpuUsage();
  await side(times);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / times;
}
