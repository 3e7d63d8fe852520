import { ManagerProcess } from "../e2e/manager-process.ts";
import { CommittedImage } from "../runtime/docker/committed-image.ts";
import { TestFleet, testEngine } from "../runtime/docker/test-fleet.ts";
import { TestRegistry } from "../runtime/docker/test-registry.ts";
import { Bystanders } from "./bystanders.ts";
import { type CallCounts, call } from "./callers.ts";
import { checkFleet } from "./check-fleet.ts";
import { Choices } from "./choices.ts";
import { command } from "./commands.ts";
import { type Inspection, inspect } from "./inspection.ts";
import { killInstant } from "./kill-instant.ts";
import { type KindOptions, kindsOf } from "./kinds.ts";
import { type Ledger, newLedger } from "./ledger.ts";

const maxUntilKillMs = 4000;
const maxUntilKilledAtBootMs = 1500;
/** Much more than adoption takes. */
const readyMs = 60_000;

/** What a round began with, and what the next manager made of it. */
export interface Round {
  readonly number: number;
  /** The command that was under way for each server that had one. */
  readonly underWay: ReadonlyMap<string, string>;
  /** What the engine had when the manager was dead. */
  readonly left: Inspection;
  /** Whether the next manager was killed, too, while it booted. */
  readonly killedAtBoot: boolean;
  /** The servers that were there afterwards. */
  readonly there: ReadonlySet<string>;
  /** What does not hold. */
  readonly findings: readonly string[];
}

interface Parts {
  readonly engine: TestFleet;
  readonly manager: ManagerProcess;
  /** Settings of each manager. */
  readonly env: Record<string, string>;
  readonly images: KindOptions["images"];
  readonly bystanders: Bystanders;
  /** What it all stands on. */
  readonly resources: AsyncDisposable;
}

/**
 * Kills the manager at a random instant of each round, while commands and calls are under way, and checks what the next
 * one makes of it. The seed repeats the choices; the engine's pace is its own.
 */
export class Killing implements AsyncDisposable {
  readonly calls: CallCounts = new Map();
  readonly #seed: number;
  readonly #engine: TestFleet;
  readonly #resources: AsyncDisposable;
  readonly #bystanders: Bystanders;
  readonly #ledger: Ledger;
  readonly #volume: string;
  readonly #env: Record<string, string>;
  /** Volumes of containers, which must go with them, by the container. */
  readonly #anonymous = new Map<string, readonly string[]>();
  #manager: ManagerProcess;
  #number = 0;

  private constructor(seed: number, parts: Parts) {
    this.#seed = seed;
    this.#resources = parts.resources;
    this.#engine = parts.engine;
    this.#manager = parts.manager;
    this.#bystanders = parts.bystanders;
    this.#env = parts.env;
    this.#volume = `${this.#engine.fleet}-data`;
    this.#ledger = newLedger(kindsOf({ images: parts.images, volume: this.#volume }));
  }

  static async open(seed: number): Promise<Killing> {
    await using opened = new AsyncDisposableStack();
    const registry = opened.use(await TestRegistry.open({ blobDelayMs: 100 }));
    // Each of its containers gets an anonymous volume, which must go with it.
    const image = opened.use(await CommittedImage.make(testEngine(), { changes: ["VOLUME /scratch"] }));
    const engine = opened.use(new TestFleet());
    const bystanders = opened.use(await Bystanders.make(engine));
    const env = { MCPM_REGISTRIES: registry.host };
    const manager = await ManagerProcess.start(engine.fleet, env);
    const images = { pulled: registry.image, volume: image.name, lying: bystanders.image.name };
    return new Killing(seed, { engine, manager, env, images, bystanders, resources: opened.move() });
  }

  async round(): Promise<Round> {
    this.#number += 1;
    const number = this.#number;
    const choices = new Choices(this.#seed, number, "kill");
    const findings: string[] = [];
    await this.#killUnderWork(choices, findings);
    const underWay = new Map(
      [...this.#ledger].flatMap(([name, entry]) =>
        entry.underWay === undefined ? [] : [[name, entry.underWay] as const],
      ),
    );
    const left = await this.#inspect();
    for (const { id, anonymousVolumes } of left.containers) this.#anonymous.set(id, anonymousVolumes);
    const killedAtBoot = choices.below(4) === 0;
    if (killedAtBoot) await ManagerProcess.killAtBoot(this.#engine.fleet, choices.below(maxUntilKilledAtBootMs));
    this.#manager = await ManagerProcess.start(this.#engine.fleet, this.#env);
    await fetch(`http://127.0.0.1:${this.#manager.port}/ready`, { signal: AbortSignal.timeout(readyMs) });
    const { client } = this.#manager;
    const inspect = () => this.#inspect();
    const context = { ledger: this.#ledger, client, inspect, fleet: this.#engine.fleet, volumes: [this.#volume] };
    findings.push(
      ...(await checkFleet(context)),
      ...(await this.#checkAnonymous()),
      ...(await this.#bystanders.check()),
    );
    const there = new Set(
      [...this.#ledger.values()].flatMap(({ kind, expected }) => (expected.presence === "there" ? [kind.name] : [])),
    );
    for (const entry of this.#ledger.values()) entry.underWay = undefined;
    return { number, underWay, left, killedAtBoot, there, findings };
  }

  /** Stops everything. Returns what does not hold then. */
  async end(): Promise<string[]> {
    await Promise.all(
      [...this.#ledger.keys()].map((name) => this.#manager.client.stop({ name, gracePeriod: { seconds: 0n } })),
    );
    await this.#manager.kill("SIGTERM");
    const { containers, volumes } = await this.#inspect();
    const others = volumes.filter((name) => name !== this.#volume);
    return [
      ...containers.map(({ name }) => `the container ${name} is left at the end`),
      ...others.map((name) => `the volume ${name} is left at the end`),
      ...(await this.#checkAnonymous()),
      ...(await this.#bystanders.check()),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager[Symbol.asyncDispose]();
    await this.#resources[Symbol.asyncDispose]();
  }

  async #killUnderWork(choices: Choices, findings: string[]): Promise<void> {
    let killed = false;
    const onFinding = (text: string) => findings.push(text);
    const { client, port } = this.#manager;
    const { calls: counts } = this;
    const names = [...this.#ledger.values()].flatMap(({ kind }) => (kind.echo === undefined ? [] : [kind.name]));
    const instant = await killInstant(this.#engine, { choices, limitMs: maxUntilKillMs });
    // Half of the servers are only called.
    const commands = [...this.#ledger.values()].flatMap((entry) => {
      const choices = new Choices(this.#seed, this.#number, entry.kind.name);
      return choices.below(2) === 0 ? [command({ entry, client, choices, onFinding })] : [];
    });
    const isKilled = () => killed;
    const calling = names.map((server) => {
      const url = `http://127.0.0.1:${port}`;
      const choices = new Choices(this.#seed, this.#number, "calls", server);
      return call({ url, server, choices, counts, isKilled, onFinding });
    });
    await instant();
    killed = true;
    await this.#manager.kill("SIGKILL");
    await Promise.all([...commands, ...calling]);
  }

  /** What the engine has of the fleet, without what only says so. */
  async #inspect(): Promise<Inspection> {
    const { containers, volumes } = await inspect(this.#engine);
    return { containers: containers.filter(({ id }) => !this.#bystanders.ids.has(id)), volumes };
  }

  async #checkAnonymous(): Promise<string[]> {
    const { containers } = await this.#inspect();
    const present = new Set(containers.map(({ id }) => id));
    const { Volumes } = await this.#engine.docker.listVolumes();
    const volumes = new Set(Volumes.map(({ Name }) => Name));
    const findings: string[] = [];
    for (const [id, names] of this.#anonymous) {
      if (present.has(id)) continue;
      for (const name of names) if (volumes.has(name)) findings.push(`the volume ${name} outlived its container ${id}`);
      this.#anonymous.delete(id);
    }
    return findings;
  }
}
