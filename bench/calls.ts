/** calls: what a call costs through the manager, beside floors and peers, on the same server. */
import { dockerRunMs } from "./calls/docker-run.ts";
import { httpFloors, stdioFloors } from "./calls/floors.ts";
import { ours } from "./calls/ours.ts";
import { mcpProxy, supergateway } from "./calls/peers.ts";
import { alternate, cpuPerCall, middle, type Rounds, ratio, tabulate } from "./calls/rounds.ts";
import { BenchManager } from "./load/bench-manager.ts";
import type { Contender, Load } from "./load/load.ts";
import { median } from "./measure/median.ts";
import { Report } from "./measure/report.ts";
import { short } from "./measure/short.ts";

const report = new Report("calls");
await using opened = new AsyncDisposableStack();
const { pipes, attached } = await stdioFloors(opened);
const { raw1, raw2 } = await httpFloors(opened);
const manager = await ours(opened.use(await BenchManager.start()));
const { grpc, typed, connect, rest } = manager;
const us = Object.values(manager);
const proxy = await mcpProxy(opened);
const peers = [await supergateway(opened), proxy];

interface Sweep {
  readonly textBytes: number;
  readonly inFlight: readonly number[];
  readonly contenders: readonly Contender[];
  readonly note?: string;
}

const sweeps: readonly Sweep[] = [
  {
    textBytes: 100,
    inFlight: short ? [1, 64] : [1, 16, 64, 256],
    contenders: [pipes, attached, raw1, raw2, ...us, ...peers],
  },
  ...(short ? [] : [{ textBytes: 10_000, inFlight: [1, 16, 64, 256], contenders: [attached, ...us, ...peers] }]),
  {
    textBytes: 1_000_000,
    inFlight: short ? [4] : [1, 4, 16],
    contenders: short ? [attached, grpc] : [pipes, attached, raw2, ...us, proxy],
    note: "supergateway refuses it: 413.",
  },
];

for (const { textBytes, inFlight: levels, contenders, note } of sweeps) {
  for (const inFlight of levels) {
    // The goals are about 1 and 64: those have more rounds.
    const rounds = textBytes === 100 && (inFlight === 1 || inFlight === 64) && !short ? 5 : 3;
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
  }
  if (textBytes === 100 && inFlight === 64) {
    const faster = { to: peers, of: pace, best: Math.max };
    report.figure("gRPC / better peer, calls/s", ratio(done, grpc, faster));
    report.figure("typed gRPC / better peer, calls/s", ratio(done, typed, faster));
    report.figure("Connect / better peer, calls/s", ratio(done, connect, faster));
    report.figure("REST / better peer, calls/s", ratio(done, rest, faster));
    const p99 = { to: peers, of: ({ p99Us }: Load) => p99Us, best: Math.min };
    report.figure("gRPC / better peer, p99", ratio(done, grpc, p99));
    report.figure("CPU per call, µs", middle(done, grpc, cpuPerCall));
    report.figure("gRPC / raw HTTP/2, calls/s", ratio(done, grpc, { to: [raw2], of: pace, best: Math.max }));
    report.figure("CPU per call / raw HTTP/2", ratio(done, grpc, { to: [raw2], of: cpuPerCall, best: Math.max }));
  }
  if (textBytes === 1_000_000 && inFlight === 4) {
    report.figure("1 MB by gRPC / attached, bytes/s", ratio(done, grpc, { to: [attached], of: pace, best: Math.max }));
  }
}

function sizeOf(bytes: number): string {
  return bytes >= 1e6 ? `${bytes / 1e6} MB` : bytes >= 1e3 ? `${bytes / 1e3} kB` : `${bytes} B`;
}
