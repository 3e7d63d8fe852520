import { setTimeout as delay } from "node:timers/promises";
import type { ManagerProcess } from "../../test/e2e/manager-process.ts";
import { startBundledManager } from "../load/bundled-manager.ts";
import { echoProgram } from "../load/echo-process.ts";
import { cpuNsOf, forgetPeak, memoryOf, withoutProcessorNsOf } from "../measure/process-memory.ts";
import type { Attack, Sent } from "./attack.ts";
import { monotonicMs, OtherCalls, type Waits } from "./other-calls.ts";

/** Another caller is watched for so long at least, and so long after. */
const leastMs = 1000;
const afterMs = 300;
const mostMs = 40_000;
const heardMs = 1000;
const lookMs = 5;

/** What an attack cost the manager, and another caller. */
export interface Cost {
  readonly sent: Sent;
  readonly cpuS: number;
  /** How long its main thread could not run since others did: this much of a wait can be theirs. */
  readonly queuedS: number;
  readonly waits: Waits;
  /** The most memory meanwhile above that before. */
  readonly memoryBytes: number;
  /** Whether SIGTERM was heard within a second in the middle of it. */
  readonly heard: boolean;
  /** Whether the manager was still there afterwards. */
  readonly survived: boolean;
}

/** Runs the attack twice on one new manager: once for what it costs, and once more to be told to end meanwhile. */
export async function measureAttack(attack: Attack, { bundle }: { bundle: string }): Promise<Cost> {
  await using manager = await startManager(bundle);
  const { port, pid } = manager;
  let ended = false;
  void manager.exited.then(() => (ended = true));
  await using others = await OtherCalls.start(port);
  await delay(afterMs);
  forgetPeak(pid);
  const { nowBytes } = memoryOf(pid);
  const cpuNs = cpuNsOf(pid);
  const queuedNs = withoutProcessorNsOf(pid);
  const beginMs = monotonicMs();
  const [sent] = await Promise.all([attack.run(port, AbortSignal.timeout(mostMs)), delay(leastMs)]);
  await delay(afterMs);
  const waits = await others.stop(beginMs);
  if (ended) {
    const unknown = Number.NaN;
    return { sent, cpuS: unknown, queuedS: unknown, waits, memoryBytes: unknown, heard: false, survived: false };
  }
  const cpuS = (cpuNsOf(pid) - cpuNs) / 1e9;
  const queuedS = (withoutProcessorNsOf(pid) - queuedNs) / 1e9;
  const memoryBytes = memoryOf(pid).peakBytes - nowBytes;
  const heard = await isHeard(manager, { attack, atMs: waits.maxAtMs - beginMs + waits.maxMs * 0.1 });
  return { sent, cpuS, queuedS, waits, memoryBytes, heard, survived: true };
}

/** Tells the manager to end at this moment of the attack, which is when another caller began to wait longest. */
async function isHeard(manager: ManagerProcess, { attack, atMs }: { attack: Attack; atMs: number }): Promise<boolean> {
  const cut = new AbortController();
  const attacked = attack.run(manager.port, cut.signal).catch(() => {});
  await delay(Number.isFinite(atMs) ? Math.max(0, atMs) : leastMs / 2);
  manager.signal("SIGTERM");
  const endMs = performance.now() + heardMs;
  const heard = () => manager.said.includes("shutting down");
  while (!heard() && performance.now() < endMs) await delay(lookMs);
  const result = heard();
  await manager.kill("SIGKILL");
  cut.abort();
  await attacked;
  return result;
}

/** A manager without an engine, with the echo server that calls go to. */
async function startManager(bundle: string): Promise<ManagerProcess> {
  const fleet = `floods-${process.pid}`;
  const manager = await startBundledManager({ fleet, env: { MCPM_RUNTIME: "process" }, bundle });
  const args = ["--disable-warning=MaxListenersExceededWarning", echoProgram];
  await manager.client.start({ name: "echo", spec: { image: "echo", command: [process.execPath, ...args] } });
  return manager;
}
