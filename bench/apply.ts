/** apply: what it costs to apply servers that are as they were declared, and what a change of one costs the others. */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { applied, declaredServers } from "./apply/declared.ts";
import { ours } from "./calls/ours.ts";
import { BenchManager } from "./load/bench-manager.ts";
import { echoImage } from "./load/echo-container.ts";
import { median } from "./measure/median.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report } from "./measure/report.ts";

const run = promisify(execFile);
const report = new Report("apply");
await using opened = openedHere();
const load = { inFlight: 64, textBytes: 100, seconds: 4 };
/** Between two changes under load. */
const pauseMs = 500;
await unchanged();
await changed();
report.save();

/** 200 servers, none of which has changed. */
async function unchanged(): Promise<void> {
  const count = 200;
  const manager = opened.use(await BenchManager.start());
  const servers = declaredServers(count);
  await applied(manager, { servers });
  const rounds = 15;
  const [lists, applies]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    lists.push(await msOf(() => manager.client.list({ pageSize: 1000 })));
    applies.push(
      await msOf(async () => {
        const { kept } = await applied(manager, { servers });
        if (kept !== count) throw new Error(`${kept} of ${count} servers were kept`);
      }),
    );
  }
  const above = median(applies.map((ms, round) => ms - (lists[round] ?? 0)));
  report.title(`${count} servers of which none has changed`);
  report.row(["List ms", "Apply ms", "above List ms"]);
  report.row([median(lists), median(applies), above].map((ms) => ms.toFixed(1)));
  report.figure("apply of 200 unchanged servers above List, ms", above);
}

/** One of fifty changes again and again, while another one is called; and the same engine's work by hand. */
async function changed(): Promise<void> {
  const manager = opened.use(await BenchManager.start());
  const servers = declaredServers(49);
  await applied(manager, { servers });
  const { grpc } = await ours(manager);
  let version = 0;
  const ways = {
    nothing: async () => {},
    "docker run and rm by hand": byHand,
    "a rolling change": async () => {
      version += 1;
      const [first, ...rest] = Object.entries(servers);
      if (first === undefined) throw new Error("there are no servers");
      const [name, { spec }] = first;
      const next = { spec: { ...spec, env: { VERSION: String(version) } } };
      await applied(manager, { servers: Object.fromEntries([[name, next], ...rest]) });
    },
  };
  const found: Record<string, { perS: number[]; p99Us: number[]; times: number }> = {};
  const rounds = 7;
  for (let round = 0; round <= rounds; round += 1) {
    for (const [way, work] of Object.entries(ways)) {
      const { result, times } = await during(work, () => grpc.load(load));
      found[way] ??= { perS: [], p99Us: [], times: 0 };
      // The first round warms up.
      if (round === 0) continue;
      found[way].perS.push(result.callsPerS);
      found[way].p99Us.push(result.p99Us);
      found[way].times += times;
    }
  }
  report.title("Calls of one server of 50, 64 in flight, meanwhile");
  report.row(["meanwhile", "times in 4 s", "calls/s", "p99 µs"]);
  for (const [way, { perS, p99Us, times }] of Object.entries(found)) {
    report.row([way, (times / rounds).toFixed(1), median(perS).toFixed(0), median(p99Us).toFixed(0)]);
  }
  const [plain, rolling] = [found["docker run and rm by hand"], found["a rolling change"]];
  const ratio = median((rolling?.perS ?? []).map((perS, round) => perS / (plain?.perS[round] ?? Number.NaN)));
  report.figure("calls/s during rolling changes / during docker run and rm", ratio);
}

async function byHand(): Promise<void> {
  const { stdout } = await run("docker", ["run", "-d", "-i", "--network", "none", echoImage]);
  await run("docker", ["rm", "-f", stdout.trim()]);
}

/** Does the work again and again while the load goes on; gives how often. */
async function during<T>(work: () => Promise<void>, loaded: () => Promise<T>): Promise<{ result: T; times: number }> {
  let isOver = false;
  let times = 0;
  const working = (async () => {
    while (!isOver) {
      await work();
      times += 1;
      await delay(pauseMs);
    }
  })();
  const result = await loaded();
  isOver = true;
  await working;
  return { result, times };
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
