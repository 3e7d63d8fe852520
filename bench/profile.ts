/** profile: where the microseconds of a call go, from CPU profiles of the running manager. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ours } from "./calls/ours.ts";
import { BenchManager } from "./load/bench-manager.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report } from "./measure/report.ts";
import { Profiler } from "./profile/profiler.ts";
import { byFunction, byPart, type SelfTime } from "./profile/self-time.ts";

const options = { inFlight: 64, textBytes: 100, seconds: 3 };
const report = new Report("profile");
await using opened = openedHere();
const folder = await mkdtemp(join(tmpdir(), "mcpm-profile-"));
opened.defer(() => rm(folder, { recursive: true }));
const profiler = new Profiler(folder);
const manager = opened.use(await BenchManager.start(profiler.env, { bundled: false }));
const { grpc, rest } = await ours(manager);

for (const contender of [grpc, rest]) {
  await contender.load(options);
  const { result, profile } = await profiler.during(manager.process, () => contender.load(options));
  const parts = byPart(profile);
  const whole = parts.reduce((sum, { us }) => sum + us, 0);
  const rows = (times: readonly SelfTime[]) => {
    report.row(["", "µs/call", "share"]);
    for (const { name, us } of times) {
      report.row([name, (us / result.calls).toFixed(1), `${((100 * us) / whole).toFixed(1)} %`]);
    }
  };
  report.title(`A call over ${contender.name}, 100 B, 64 in flight: by part of the program`);
  const cpu = ((result.cpuUs ?? Number.NaN) / result.calls).toFixed(0);
  rows([...parts.filter(({ us }) => us / whole > 0.005), { name: "all", us: whole }]);
  report.note(`The main thread's time, waiting for a processor included. All threads' processor time: ${cpu} µs.`);
  report.title(`A call over ${contender.name}, 100 B, 64 in flight: the heaviest functions`);
  rows(byFunction(profile).slice(0, 20));
  report.figure(`${contender.name}, µs per call`, whole / result.calls);
}
report.save();
