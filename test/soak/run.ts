import { setTimeout as delay } from "node:timers/promises";
import { EngineProxy } from "../runtime/docker/engine-proxy.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { runCaller } from "./actors/caller.ts";
import { startAll } from "./actors/faults/commands.ts";
import { runFollower } from "./actors/follower.ts";
import { Gate } from "./actors/gate.ts";
import { type Faults, type Injected, injectFaults } from "./actors/injector.ts";
import { runSubscriber } from "./actors/subscriber.ts";
import { clientKinds } from "./clients/clients.ts";
import { finalChecks } from "./finish.ts";
import { Ledger } from "./ledger.ts";
import { ManagerLives } from "./manager-lives.ts";
import { Deliveries } from "./measure/deliveries.ts";
import { Gauge } from "./measure/gauge.ts";
import { steadyStateOf } from "./measure/process-state.ts";
import { heapTrend, type Sample, takeSample, takeSamples } from "./measure/sampler.ts";
import { SeenVolumes } from "./measure/volumes.ts";
import { callTable, checkTable, errorTable, faultTable, heapTable, progress } from "./report.ts";
import { soakServers } from "./servers.ts";
import type { Stage } from "./stage.ts";

const callers = 8;
const progressMs = 10_000;
/** A call ends within the manager's own deadline, a Start within a handshake's. */
const lastCallsMs = 60_000;

/** One soak: sets the stage, lets everybody act on it, and looks what is left. */
export class Soak implements AsyncDisposable {
  readonly #seed: number;
  readonly #resources: AsyncDisposableStack;
  readonly #stage: Stage;
  readonly #over: AbortController;
  readonly #gauge: Gauge;
  readonly #deliveries: Deliveries;
  readonly #samples: Sample[] = [];
  readonly #injected: Injected = { counts: new Map(), problems: [] };
  readonly #volumes = new SeenVolumes();

  private constructor(options: {
    seed: number;
    resources: AsyncDisposableStack;
    stage: Stage;
    over: AbortController;
    gauge: Gauge;
    deliveries: Deliveries;
  }) {
    this.#seed = options.seed;
    this.#resources = options.resources;
    this.#stage = options.stage;
    this.#over = options.over;
    this.#gauge = options.gauge;
    this.#deliveries = options.deliveries;
  }

  static async open(seed: number): Promise<Soak> {
    await using resources = new AsyncDisposableStack();
    const { fleet, docker } = resources.use(new TestFleet());
    const deliveries = resources.use(await Deliveries.open());
    const proxy = resources.use(await EngineProxy.listen());
    const gauge = new Gauge(deliveries.folder);
    const lives = resources.use(
      await ManagerLives.start(fleet, {
        ...gauge.env,
        DOCKER_HOST: proxy.host,
        MCPM_BIND_ROOTS: deliveries.folder,
        MCPM_CALL_TIMEOUT_MS: "4000",
        MCPM_LOG_RING_BYTES: "65536",
        MCPM_MAX_LINE_BYTES: String(4 * 1024 * 1024),
        MCPM_REAP_GRACE_MS: "15000",
        MCPM_SHUTDOWN_GRACE_MS: "1000",
      }),
    );
    const over = new AbortController();
    const servers = soakServers({ fleet, tap: deliveries.spec });
    const ledger = new Ledger((problem) => console.log(`  WRONG ${problem}`));
    const stage = { fleet, docker, proxy, lives, servers, ledger, gate: new Gate(), over: over.signal };
    return new Soak({ seed, resources: resources.move(), stage, over, gauge, deliveries });
  }

  /** No new call and no new fault from now on. */
  finish(): void {
    this.#over.abort();
  }

  /** Whether everything holds. */
  async run(durationMs: number): Promise<boolean> {
    const stage = this.#stage;
    const empty = await takeSample(stage, this.#gauge);
    const base = await steadyStateOf(stage.lives.current.pid);
    await startAll(stage, "first");
    const startMs = performance.now();
    const end = setTimeout(() => this.finish(), durationMs);
    const show = setInterval(() => this.#show(startMs), progressMs);
    // Until half of the time has passed; the last manager then lives long enough for its heap to tell something.
    const which = (): Faults => (performance.now() - startMs < durationMs / 2 ? "all" : "all but the manager's");
    const work = this.#actors({ which, sampleMs: Math.min(30_000, Math.max(10_000, durationMs / 40)) });
    await this.#whileWorking(work);
    clearTimeout(end);
    clearInterval(show);
    this.#show(startMs);
    const checks = await finalChecks(stage, {
      base,
      empty,
      gauge: this.#gauge,
      deliveries: this.#deliveries,
      volumes: this.#volumes,
      samples: this.#samples,
      injected: this.#injected,
    });
    const received = await this.#deliveries.counts();
    const tables = [
      callTable(stage.ledger),
      errorTable(stage.ledger, received),
      faultTable(this.#injected),
      heapTable(this.#samples, heapTrend(this.#samples)),
      checkTable(checks),
    ];
    for (const lines of tables) console.log(`\n${lines.join("\n")}`);
    return checks.every(({ holds }) => holds);
  }

  #actors({ which, sampleMs }: { which: () => Faults; sampleMs: number }): Promise<unknown> {
    const stage = this.#stage;
    const seed = this.#seed;
    const injected = this.#injected;
    const calling = Array.from({ length: callers }, (_, index) => {
      const open = clientKinds[index % clientKinds.length] ?? clientKinds[0];
      if (open === undefined) throw new Error("no clients");
      return runCaller(stage, { name: `c${index}`, seed: seed + 1000 * index, open });
    });
    return Promise.all([
      ...calling,
      runFollower(stage, { name: "w1", seed: seed + 1, rpc: "watch", eventMs: 0 }),
      runFollower(stage, { name: "w2", seed: seed + 2, rpc: "watch", eventMs: 100 }),
      runFollower(stage, { name: "l1", seed: seed + 3, rpc: "logs", eventMs: 0 }),
      runFollower(stage, { name: "l2", seed: seed + 4, rpc: "logs", eventMs: 50 }),
      runSubscriber(stage, { name: "s1", seed: seed + 7, eventMs: 0 }),
      runSubscriber(stage, { name: "s2", seed: seed + 8, eventMs: 50 }),
      injectFaults(stage, { seed: seed + 5, injected, which }),
      injectFaults(stage, { seed: seed + 6, injected, which: () => "those that may meet" }),
      this.#volumes.watch(stage),
      takeSamples(stage, {
        gauge: this.#gauge,
        everyMs: sampleMs,
        onSample: (sample) => this.#samples.push(sample),
      }),
    ]);
  }

  /** Until everybody is done, or too long after the end: what is open then never ended. */
  async #whileWorking(work: Promise<unknown>): Promise<void> {
    const over = new Promise((resolve) => this.#over.signal.addEventListener("abort", resolve));
    await Promise.race([work, over.then(() => delay(lastCallsMs, undefined, { ref: false }))]);
  }

  #show(startMs: number): void {
    const faults = [...this.#injected.counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(progress(this.#stage.ledger, { startMs, faults, sample: this.#samples.at(-1) }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
