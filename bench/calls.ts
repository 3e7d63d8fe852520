/** calls: what a call costs through the manager, beside floors and peers, on the same server. */
import { dockerRunMs } from "./calls/docker-run.ts";
import { httpFloors, shortestPaths, stdioFloors } from "./calls/floors.ts";
import { ours } from "./calls/ours.ts";
import { mcpProxy, supergateway } from "./calls/peers.ts";
import { alternate, cpuPerCall, middle, type Rounds, ratio, tabulate } from "./calls/rounds.ts";
import { BenchManager } from "./load/bench-manager.ts";
import type { Contender, Load } from "./load/load.ts";
import { median } from "./measure/median.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report } from "./measure/report.ts";
import { short } from "./measure/short.ts";

const report = new Report("calls");
await using opened = openedHere();
const { pipes, attached } = await stdioFloors(opened);
const { raw1, raw2 } = await httpFloors(opened);
const { path1, path2 } = await shortestPaths(opened);
const manager = await ours(opened.use(await BenchManager.start()));
const { grpc, connect, rest } = manager;
const us = Object.values(manager);
const proxy = await mcpProxy(opened);
const peers = [await supergateway(opened), proxy];

interface Sweep {
  readonly textBytes: number;
  readonly inFlight: readonly number[];
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly note?: string;
}

const all = [pipes, attached, raw1, raw2, path1, path2, ...us, ...peers];
const main = [attached, grpc, connect, rest, ...peers];
const note = "supergateway refuses it: 413.";
const sweeps: readonly Sweep[] = short
  ? [
      { textBytes: 100, inFlight: [64], contenders: [grpc, connect, rest, raw2, path1, path2, ...peers], rounds: 5 },
      { textBytes: 1_000_000, inFlight: [4], contenders: [attached, grpc], rounds: 3 },
    ]
  : [
      { textBytes: 100, inFlight: [1], contenders: all, rounds: 3 },
      { textBytes: 100, inFlight: [64], contenders: all, rounds: 5 },
      { textBytes: 100, inFlight: [16, 256], contenders: main, rounds: 3 },
      { textBytes: 10_000, inFlight: [1, 16, 64, 256], contenders: main, rounds: 3 },
      {
        textBytes: 1_000_000,
        inFlight: [1, 4, 16],
        contenders: [attached, grpc, connect, rest, proxy],
        rounds: 3,
        note,
      },
    ];

for (const { textBytes, inFlight: levels, contenders, rounds, note } of sweeps) {
  for (const inFlight of levels) {
    const done = await alternate(contenders, { inFlight, textBytes, seconds: 1, rounds });
    report.title(`${sizeOf(textBytes)}, ${inFlight} in flight`);
    tabulate(report, done);
    if (note !== undefined) report.note(note);
    figures(done, { textBytes, inFlight });
  }
}

report.title("One call by a docker run of its own");
const runs: number[] = [];
for (let run = 0; run < 3; run += 1) runs.push(await dockerRunMs());
report.row(["", "ms"]);
report.row(["docker run", median(runs).toFixed(0)]);
report.save();

function figures(done: Rounds, { textBytes, inFlight }: { textBytes: number; inFlight: number }): void {
  const pace = ({ callsPerS }: Load) => callsPerS;
  for (const contender of done.keys()) {
    report.figure(
      `${contender.name}, ${sizeOf(textBytes)}, ${inFlight} in flight, calls/s`,
      middle(done, contender, pace),
    );
  }
  if (textBytes === 100 && inFlight === 1) {
    const p50 = ({ p50Us }: Load) => p50Us;
    report.figure("gRPC above attached, µs", middle(done, grpc, p50) - middle(done, attached, p50));
    report.figure("shortest path, HTTP/2, above attached, µs", middle(done, path2, p50) - middle(done, attached, p50));
  }
  if (textBytes === 100 && inFlight === 64) {
    const faster = { to: peers, of: pace, best: Math.max };
    report.figure("gRPC / better peer, calls/s", ratio(done, grpc, faster));
    report.figure("Connect / better peer, calls/s", ratio(done, connect, faster));
    report.figure("REST / better peer, calls/s", ratio(done, rest, faster));
    const p99 = { to: peers, of: ({ p99Us }: Load) => p99Us, best: Math.min };
    report.figure("gRPC / better peer, p99", ratio(done, grpc, p99));
    report.figure("CPU per call, µs", middle(done, grpc, cpuPerCall));
    report.figure("gRPC / raw HTTP/2, calls/s", ratio(done, grpc, { to: [raw2], of: pace, best: Math.max }));
    report.figure("gRPC / shortest path, calls/s", ratio(done, grpc, { to: [path2], of: pace, best: Math.max }));
    report.figure("CPU per call / shortest path", ratio(done, grpc, { to: [path2], of: cpuPerCall, best: Math.max }));
    report.figure("shortest path, HTTP/2 / better peer, calls/s", ratio(done, path2, faster));
    report.figure("shortest path, HTTP/2 / better peer, p99", ratio(done, path2, p99));
    report.figure("shortest path, HTTP/1.1 / better peer, calls/s", ratio(done, path1, faster));
    for (const json of [connect, rest]) {
      const share = ratio(done, json, { to: [path1], of: pace, best: Math.max });
      report.figure(`${json.name} / shortest path, calls/s`, share);
    }
    report.figure("CPU per call / raw HTTP/2", ratio(done, grpc, { to: [raw2], of: cpuPerCall, best: Math.max }));
  }
  if (textBytes === 1_000_000 && inFlight === 4) {
    report.figure("1 MB by gRPC / attached, bytes/s", ratio(done, grpc, { to: [attached], of: pace, best: Math.max }));
  }
}

function sizeOf(bytes: number): string {
  return bytes >= 1e6 ? `${bytes / 1e6} MB` : bytes >= 1e3 ? `${bytes / 1e3} kB` : `${bytes} B`;
}
