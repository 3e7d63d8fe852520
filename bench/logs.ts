/** logs: how many lines of a server's stderr reach one follower in a second, beside the attached container. */

import { BenchManager } from "./load/bench-manager.ts";
import { followLines } from "./logs/follow-lines.ts";
import { createWritingServer, writingSpec } from "./logs/writing-server.ts";
import { median } from "./measure/median.ts";
import { openedHere } from "./measure/opened-here.ts";
import { cpuNsOf } from "./measure/process-memory.ts";
import { Report } from "./measure/report.ts";
import { short } from "./measure/short.ts";

const lines = short ? 100_000 : 300_000;
const rounds = short ? 3 : 5;
const report = new Report("logs");
await using opened = openedHere();
const manager = opened.use(await BenchManager.start());
const { client } = manager;
await client.start({ name: "writer", spec: writingSpec });
const floor = opened.use(await createWritingServer());

const done: { readonly ours: number; readonly floor: number; readonly lost: number; readonly cpuUs: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const cpuBefore = cpuNsOf(manager.pid);
  const { seconds, received } = await followLines(manager.origin, {
    server: "writer",
    write: async () => {
      await client.callTool({ server: "writer", tool: "write", input: { case: "arguments", value: { lines } } });
    },
  });
  const cpuUs = (cpuNsOf(manager.pid) - cpuBefore) / 1000 / lines;
  done.push({ ours: received / seconds, lost: lines - received, cpuUs, floor: lines / (await floor.write(lines)) });
}

report.title(`${lines} lines of 100 B to one follower`);
report.row(["", "lines/s", "left out", "CPU µs/line"]);
const [ours, raw] = [median(done.map((one) => one.ours)), median(done.map((one) => one.floor))];
const [lost, cpu] = [median(done.map((one) => one.lost)), median(done.map(({ cpuUs }) => cpuUs))];
report.row(["Logs over gRPC", ours.toFixed(0), String(lost), cpu.toFixed(1)]);
report.row(["attached container", raw.toFixed(0), "0", ""]);
report.note(
  "Left out: lines that a gap stands for, because the follower was behind by more than the server's log holds.",
);
report.figure("lines/s", ours);
report.figure("lines/s / attached", median(done.map((one) => one.ours / one.floor)));
report.save();
