import type { Injected } from "./actors/injector.ts";
import type { Check } from "./checks.ts";
import type { Ledger } from "./ledger.ts";
import type { Sample, Trend } from "./measure/sampler.ts";

const mib = 1024 * 1024;

export function inMib(bytes: number): string {
  return `${(bytes / mib).toFixed(1)} MiB`;
}

/** A line of at most 80 columns that says how it goes. */
export function progress(ledger: Ledger, { startMs, faults, sample }: ProgressOptions): string {
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const heap = sample === undefined ? "" : `, heap ${inMib(sample.heapBytes)}`;
  const failed = ledger.count("error") + ledger.count("given_up") + ledger.count("manager_gone");
  const wrong = ledger.problems.length === 0 ? "" : `, ${ledger.problems.length} WRONG`;
  return `${time.padStart(6)}  ${ledger.sent} calls, ${failed} failed${wrong}; ${faults} faults${heap}`.slice(0, 80);
}

interface ProgressOptions {
  readonly startMs: number;
  readonly faults: number;
  readonly sample: Sample | undefined;
}

export function callTable({ kinds, updates }: Ledger): string[] {
  const widths = [23, 8, 8, 8, 9, 9, 7, 8];
  const head = ["call", "sent", "result", "error", "given up", "mgr gone", "wrong", "slowest"];
  const rows = [...kinds].map(([kind, { sent, ended, slowestMs }]) => {
    const { result, error, given_up, manager_gone, wrong } = ended;
    const counts = [sent, result, error, given_up, manager_gone, wrong].map(String);
    return [kind, ...counts, `${(slowestMs / 1000).toFixed(1)} s`];
  });
  const total = (kind: "result" | "error" | "given_up" | "manager_gone" | "wrong") =>
    String([...kinds.values()].reduce((sum, { ended }) => sum + ended[kind], 0));
  const sent = String([...kinds.values()].reduce((sum, tally) => sum + tally.sent, 0));
  const sums = [total("result"), total("error"), total("given_up"), total("manager_gone"), total("wrong")];
  const told = `changes of resources told to subscribers: ${updates}`;
  return [...table([head, ...rows, ["all", sent, ...sums, ""]], widths), told];
}

/** By what callers were told; the last column is what the servers' taps say. */
export function errorTable({ errors, told }: Ledger, received: ReadonlyMap<string, number>): string[] {
  const rows = [...errors.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ failure, count, ids }) => {
      const { code, reason = "", delivery = "" } = failure;
      const reached = ids.filter((id) => received.has(id)).length;
      return [code, reason, delivery, String(count), ids.some((id) => told.has(id)) ? String(reached) : "-"];
    });
  return table([["code", "reason", "delivery", "calls", "received"], ...rows], [20, 27, 10, 8, 10], 3);
}

export function faultTable({ counts }: Injected): string[] {
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([kind, count]) => [kind, String(count)]);
  return table([["fault", "injected"], ...rows], [40, 10]);
}

export function heapTable(samples: readonly Sample[], trend: Trend | undefined): string[] {
  const lives = Map.groupBy(samples, ({ life }) => life);
  const rows = [...lives].map(([life, its]) => {
    const heap = [its[0], its.at(-1)].map((sample) => inMib(sample?.heapBytes ?? 0));
    const most = Math.max(...its.map(({ rssBytes }) => rssBytes));
    return [String(life + 1), String(its.length), ...heap, inMib(most)];
  });
  const title = ["manager", "samples", "heap, first", "heap, last", "RSS, most"];
  const lines = table([title, ...rows], [9, 9, 14, 14, 14]);
  if (trend === undefined) return lines;
  const { firstBytes, lastBytes, minutes } = trend;
  return [
    ...lines,
    `last manager, first and last third of ${minutes.toFixed(1)} min: ${inMib(firstBytes)}, ${inMib(lastBytes)}`,
  ];
}

export function checkTable(checks: readonly Check[]): string[] {
  return checks.flatMap(({ title, holds, found }) => {
    const line = `${holds ? "ok    " : "FAILED"}  ${title}: ${found}`;
    return line.match(/.{1,80}/g) ?? [];
  });
}

function table(rows: readonly (readonly string[])[], widths: readonly number[], left = 1): string[] {
  return rows.map((cells) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return index < left ? cell.slice(0, width - 1).padEnd(width) : cell.padStart(width);
      })
      .join("")
      .trimEnd(),
  );
}
