import type { Contender, Load, LoadOptions } from "../load/load.ts";
import { median } from "../measure/median.ts";
import type { Report } from "../measure/report.ts";

/** Every load of each contender, in the order of the rounds. */
export type Rounds = ReadonlyMap<Contender, readonly Load[]>;

/** The contenders in turn, again and again: what else the machine does hurts all of them. */
export async function alternate(
  contenders: readonly Contender[],
  { rounds, ...options }: LoadOptions & { readonly rounds: number },
): Promise<Rounds> {
  const loads = new Map<Contender, Load[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [contender, done] of loads) done.push(await contender.load(options));
  }
  return loads;
}

/** The median over the rounds of something about one contender. */
export function middle(rounds: Rounds, contender: Contender, of: (load: Load) => number): number {
  return median((rounds.get(contender) ?? []).map(of));
}

/**
 * The median over the rounds of a ratio within each: `of` for one contender through the best, which `best` picks, of the
 * others.
 */
export function ratio(
  rounds: Rounds,
  contender: Contender,
  { to, of, best }: { to: readonly Contender[]; of: (load: Load) => number; best: (...values: number[]) => number },
): number {
  const loads = rounds.get(contender) ?? [];
  const others = to.map((other) => rounds.get(other) ?? []);
  return median(
    loads.map((load, round) => {
      const values = others.flatMap((other) => other[round] ?? []).map(of);
      return of(load) / best(...values);
    }),
  );
}

export function cpuPerCall({ cpuUs = Number.NaN, calls }: Load): number {
  return cpuUs / calls;
}

/** One table: a row for each contender. */
export function tabulate(report: Report, rounds: Rounds): void {
  report.row(["", "calls/s", "p50 µs", "p99 µs", "CPU µs/call"]);
  for (const [contender, loads] of rounds) {
    const cpu = middle(rounds, contender, cpuPerCall);
    report.row([
      contender.name,
      ...[
        middle(rounds, contender, ({ callsPerS }) => callsPerS),
        middle(rounds, contender, ({ p50Us }) => p50Us),
        middle(rounds, contender, ({ p99Us }) => p99Us),
      ].map((value) => value.toFixed(0)),
      loads.some(({ cpuUs }) => cpuUs === undefined) ? "" : cpu.toFixed(1),
    ]);
  }
}
