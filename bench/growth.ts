/** growth: what calls, memory, List and a restart cost as servers, calls in flight and time add up. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gauge } from "../test/soak/measure/gauge.ts";
import { ours } from "./calls/ours.ts";
import { adoptionMs } from "./growth/adoption.ts";
import { shellServerSpec } from "./growth/shell-server.ts";
import { BenchManager } from "./load/bench-manager.ts";
import { callToolUrl, grpcCall, grpcHeaders } from "./load/grpc-call.ts";
import { H2load } from "./load/h2load.ts";
import { median } from "./measure/median.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report } from "./measure/report.ts";

const mb = 1_000_000;
const atOnce = 4;
const report = new Report("growth");
await using opened = openedHere();
const folder = await mkdtemp(join(tmpdir(), "mcpm-growth-"));
opened.defer(() => rm(folder, { recursive: true }));
const gauge = new Gauge(folder);
await servers();
await callsInFlight();
report.save();

/** 1 to 200 servers; with 50, a restart. */
async function servers(): Promise<void> {
  const manager = opened.use(await BenchManager.start(gauge.env));
  const load = () => {
    const body = (text: string) => grpcCall({ server: "s-0", text });
    return new H2load({ url: callToolUrl(manager.origin), headers: grpcHeaders, body });
  };
  report.title("Idle servers beside the one that is called");
  report.row(["servers", "p50 µs", "List ms", "RSS MB", "heap MB", "adopted s"]);
  let started = 0;
  let first = 0;
  for (const count of [1, 10, 50, 200]) {
    await inTurn(count - started, async (index) => {
      await manager.client.start({ name: `s-${started + index}`, spec: shellServerSpec });
    });
    started = count;
    const { rssBytes, heapBytes } = await gauge.read(manager.process);
    if (count === 1) first = heapBytes;
    const { p50Us } = await load().load({ inFlight: 1, textBytes: 100, seconds: 1 });
    const listMs = await medianMs(20, () => manager.client.list({ pageSize: 1000 }));
    const adopted = count === 50 ? await adoptionMs(manager, count) : undefined;
    const cells = [p50Us.toFixed(0), listMs.toFixed(1), (rssBytes / mb).toFixed(0), (heapBytes / mb).toFixed(1)];
    report.row([String(count), ...cells, adopted === undefined ? "" : (adopted / 1000).toFixed(2)]);
    report.figure(`${count} servers, p50 µs`, p50Us);
    report.figure(`${count} servers, RSS MB`, rssBytes / mb);
    if (count === 1) report.figure("memory with one server, MB", rssBytes / mb);
    if (count === 200) report.figure("memory per further server, MB", (heapBytes - first) / mb / (count - 1));
    if (adopted !== undefined) report.figure("adoption of 50 servers, s", adopted / 1000);
  }
  report.note(
    "Memory after a garbage collection. The servers are a few lines of shell: the manager is what is measured.",
  );
}

/** 1 to 10,000 calls in flight, then many calls in a row. */
async function callsInFlight(): Promise<void> {
  const manager = opened.use(await BenchManager.start(gauge.env));
  const { grpc } = await ours(manager);
  report.title("Calls in flight, at most 1,000 a connection, 100 B");
  report.row(["in flight", "calls/s", "p50 µs", "CPU µs/call"]);
  for (const inFlight of [1, 10, 100, 1000, 10_000]) {
    const { callsPerS, p50Us, cpuUs = Number.NaN, calls } = await grpc.load({ inFlight, textBytes: 100, seconds: 1 });
    report.row([inFlight, callsPerS.toFixed(0), p50Us.toFixed(0), (cpuUs / calls).toFixed(1)].map(String));
    report.figure(`${inFlight} in flight, CPU µs per call`, cpuUs / calls);
  }
  report.title("Heap after so many calls, 64 in flight");
  report.row(["calls", "heap MB"]);
  let made = 0;
  for (let round = 0; round < 4; round += 1) {
    made += (await grpc.load({ inFlight: 64, textBytes: 100, seconds: 4 })).calls;
    const { heapBytes } = await gauge.read(manager.process);
    report.row([String(made), (heapBytes / mb).toFixed(2)]);
    report.figure(`heap after load ${round + 1}, MB`, heapBytes / mb);
  }
}

/** Runs the work for 0 … count-1, a few at a time. */
async function inTurn(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function medianMs(times: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startMs = performance.now();
    await work();
    took.push(performance.now() - startMs);
  }
  return median(took);
}
