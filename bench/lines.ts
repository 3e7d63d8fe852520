/**
 * lines: what one long line costs the manager, beside a floor and the MCP SDK. Each measurement is a process of its own.
 * Prints its tables and adds them to the results.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { throughContainer } from "./lines/container.ts";
import type { LineCost } from "./lines/read-lines.ts";
import { Report } from "./measure/report.ts";

type Reader = "ours" | "floor" | "sdk";

const mib = 1024 * 1024;
/** In MiB. */
const kib = 1 / 1024;
const report = new Report("lines");

/** Chunk sizes, the line sizes read in such chunks, and how many bytes are read in all for the time. */
const sweeps = [
  { chunkBytes: 1, lines: [1, 8, 64], totalBytes: 8 * mib },
  { chunkBytes: 4096, lines: [kib, 64 * kib, 1, 8, 64], totalBytes: 64 * mib },
  { chunkBytes: 65_536, lines: [kib, 64 * kib, 1, 8, 64], totalBytes: 64 * mib },
] as const;
/** The SDK copies all there is with each chunk: larger lines in such chunks would take minutes, or end it. */
const sdkSweeps = [
  { chunkBytes: 1, lines: [1 / 16, 1 / 8, 1 / 4] },
  { chunkBytes: 4096, lines: [1, 8] },
  { chunkBytes: 65_536, lines: [1, 8, 64] },
] as const;

async function run(program: string, args: readonly (string | number)[]): Promise<LineCost> {
  const path = fileURLToPath(new URL(`lines/${program}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args.map(String)]);
  return JSON.parse(stdout);
}

/** Time from many lines, since one is soon read; memory from one, since nothing is freed at once. */
async function costOf(
  reader: Reader,
  { lineMib, chunkBytes, totalBytes }: { lineMib: number; chunkBytes: number; totalBytes: number },
): Promise<LineCost> {
  const lineBytes = lineMib * mib;
  const one = await run("read-lines", [reader, lineBytes, chunkBytes, 1]);
  const count = Math.max(1, Math.floor(totalBytes / lineBytes));
  if (one.error !== undefined || count === 1) return one;
  const many = await run("read-lines", [reader, lineBytes, chunkBytes, count]);
  return { ...one, cpuNsPerByte: many.cpuNsPerByte };
}

const sizeOf = (bytes: number) =>
  bytes >= mib ? `${bytes / mib} MiB` : bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
const nanos = (ns: number) => ns.toPrecision(3);
const times = (ratio: number) => `${ratio.toFixed(1)}x`;

report.title("Time and memory for one line, in this process");
report.row(["line", "chunks", "ns/byte", "floor", "ratio", "memory/line", "floor"]);
for (const { chunkBytes, lines, totalBytes } of sweeps) {
  for (const lineMib of lines) {
    const [ours, floor] = [
      await costOf("ours", { lineMib, chunkBytes, totalBytes }),
      await costOf("floor", { lineMib, chunkBytes, totalBytes }),
    ];
    report.row([
      sizeOf(lineMib * mib),
      sizeOf(chunkBytes),
      nanos(ours.cpuNsPerByte),
      nanos(floor.cpuNsPerByte),
      times(ours.cpuNsPerByte / floor.cpuNsPerByte),
      // What one small line takes can't be seen.
      lineMib < 1 ? "" : times(ours.peakBytes / (lineMib * mib)),
      lineMib < 1 ? "" : times(floor.peakBytes / (lineMib * mib)),
    ]);
  }
}

report.title("The same by the ReadBuffer of the MCP SDK");
report.row(["line", "chunks", "ns/byte", "memory/line", "outcome"]);
for (const { chunkBytes, lines } of sdkSweeps) {
  for (const lineMib of lines) {
    const { cpuNsPerByte, peakBytes, error } = await run("read-lines", ["sdk", lineMib * mib, chunkBytes, 1]);
    const cells =
      error === undefined ? [nanos(cpuNsPerByte), times(peakBytes / (lineMib * mib)), "read"] : ["", "", "closed"];
    report.row([sizeOf(lineMib * mib), sizeOf(chunkBytes), ...cells]);
    if (error !== undefined) report.note(error);
  }
}

report.title("A line beyond the limit of 32 MiB, which is skipped");
report.row(["line", "chunks", "ns/byte", "memory", "memory/limit"]);
for (const [lineMib, chunkBytes] of [
  [64, 65_536],
  [256, 65_536],
  [1024, 65_536],
  [1024, 4096],
  [64, 1],
] as const) {
  const { cpuNsPerByte, peakBytes } = await run("skip-line", [lineMib * mib, chunkBytes]);
  const memory = [`${Math.round(peakBytes / mib)} MiB`, times(peakBytes / (32 * mib))];
  report.row([sizeOf(lineMib * mib), sizeOf(chunkBytes), nanos(cpuNsPerByte), ...memory]);
}

report.title("Calls over gRPC whose result a container writes: the whole manager");
report.row(["line", "limit", "ns/byte", "memory", "memory/line"]);
for (const [lineMib, count, maxLineMib] of [
  [1, 64, 128],
  [8, 8, 128],
  [64, 1, 128],
  [256, 1, 32],
  [1024, 1, 32],
] as const) {
  const many = await throughContainer({ lineMib, count, maxLineMib });
  const { peakBytes } = count === 1 ? many : await throughContainer({ lineMib, count: 1, maxLineMib });
  const memory = [`${Math.round(peakBytes / mib)} MiB`, times(peakBytes / (lineMib * mib))];
  report.row([sizeOf(lineMib * mib), sizeOf(maxLineMib * mib), nanos(many.cpuNsPerByte), ...memory]);
}
report.save();
