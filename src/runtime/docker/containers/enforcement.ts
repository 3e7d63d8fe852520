import type Docker from "dockerode";
import { invalidRequest } from "../../../base/errors/errors.ts";
import type { Log } from "../../../base/log/log.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import { type Protection, protections, requireLimits } from "../../protections.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { engineRefusal } from "../engine/engine-error.ts";
import { askInfo, type EngineInfo } from "../engine/engine-info.ts";
import { loggable } from "../engine/loggable.ts";
import { changes, limitsMissing, weakerThanAsked } from "./made-as-asked.ts";

/**
 * Most warnings that are remembered, since each is logged once: an engine that words one anew each time must not fill
 * the memory.
 */
const maxWarnings = 100;

/** A container that was just created. */
export interface Created {
  readonly id: string;
  readonly server: string;
  readonly spec: ServerSpec;
  readonly asked: Docker.ContainerCreateOptions;
  readonly warnings: readonly string[];
}

/**
 * What the engine accepts and does not enforce, as it says itself and as its containers show. Engines silently accept
 * limits that they can't enforce (no cgroup controller, rootless), and drop settings that they don't know.
 */
export class Enforcement {
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #isRequired: boolean;
  #told: EngineInfo | undefined;
  #asking: Promise<EngineInfo> | undefined;
  /** What the engine dropped from the container that was made last. */
  #missing: readonly Protection[] = [];
  #logged: readonly Protection[] = [];
  #lives = 0;
  readonly #warned = new Set<string>();

  constructor(options: { readonly engine: Engine; readonly log: Log; readonly requireLimits: boolean }) {
    this.#engine = options.engine;
    this.#log = options.log;
    this.#isRequired = options.requireLimits;
  }

  /** What is not enforced. The engine is asked once, and again when it was away. */
  async unenforced(options: RuntimeCallOptions): Promise<readonly Protection[]> {
    const { unenforced } = await this.#ask(options);
    return protections.filter((each) => unenforced.includes(each) || this.#missing.includes(each));
  }

  /** Whether a container may be created with a limit of CPUs. */
  async takesCpus(options: RuntimeCallOptions): Promise<boolean> {
    return !(await this.#ask(options)).refusesCpus;
  }

  /** Whether users of containers have other numbers on the engine's machine. */
  async mapsUsers(options: RuntimeCallOptions): Promise<boolean> {
    return (await this.#ask(options)).mapsUsers;
  }

  /** The engine was away: it may be another one, or have other settings. */
  engineBack(): void {
    this.#told = undefined;
    this.#asking = undefined;
    this.#lives += 1;
    this.#warned.clear();
    this.unenforced({}).catch((error: Error) => {
      this.#log.debug("could not ask the engine what it enforces; asking at the next need", { reason: error.message });
    });
  }

  /** Throws `invalid` when a spec names more CPUs than there are: the engine says so only once its image is pulled. */
  async checkCpus({ limits }: ServerSpec, options: RuntimeCallOptions): Promise<void> {
    if (limits?.cpus === undefined) return;
    const { cpus } = await this.#ask(options);
    if (limits.cpus <= cpus) return;
    const description = `must be at most ${cpus}: the engine's machine has no more CPUs`;
    throw invalidRequest([{ field: "spec.limits.cpus", description }]);
  }

  /** Throws NOT_ENFORCED when limits are required and the engine does not enforce them all. */
  async checkEngine(options: RuntimeCallOptions): Promise<void> {
    if (!this.#isRequired) return;
    const { unenforced } = await this.#ask(options);
    requireLimits(unenforced, { why: "the engine does not enforce them, or does not say that it does" });
  }

  /** Throws NOT_ENFORCED when limits are required and a container that exists has not all of them. */
  checkContainer({ HostConfig: made }: Docker.ContainerInspectInfo): void {
    if (!this.#isRequired) return;
    requireLimits(limitsMissing({}, made), {
      why: "the container was made without them: Stop the server, then Start it with its spec",
    });
  }

  /** Holds a new container against what was asked for. Throws NOT_ENFORCED when it must not run. */
  checkCreated(created: Created, made: Docker.ContainerInspectInfo): void {
    const { server, asked, warnings } = created;
    for (const warning of warnings) this.#warn("the engine warned when it created a container", { server, warning });
    for (const changed of changes(asked, made)) {
      this.#warn("the engine changed what a container was to be created with", { server, changed });
    }
    this.#missing = limitsMissing(asked.HostConfig ?? {}, made.HostConfig);
    this.#tell();
    const weak = weakerThanAsked(created, made);
    if (weak.length > 0) throw weakened(server, weak);
    if (this.#isRequired) requireLimits(this.#missing, { why: "the engine made the container without them" });
  }

  /** One question for all who want to know at a time. */
  async #ask(options: RuntimeCallOptions): Promise<EngineInfo> {
    if (this.#told !== undefined) return this.#told;
    this.#asking ??= this.#askNow(this.#lives);
    const asking = this.#asking;
    return this.#engine.call("say what it enforces", () => asking, options);
  }

  async #askNow(life: number): Promise<EngineInfo> {
    try {
      const told = await this.#engine.call("say what it enforces", askInfo, {});
      if (life === this.#lives) this.#told = told;
      this.#tell();
      return told;
    } finally {
      if (life === this.#lives) this.#asking = undefined;
    }
  }

  /** Once a change. */
  #tell(): void {
    const told = this.#told?.unenforced;
    if (told === undefined) return;
    const now = protections.filter((each) => told.includes(each) || this.#missing.includes(each));
    if (now.join() === this.#logged.join()) return;
    this.#logged = now;
    if (now.length === 0) {
      this.#log.info("the engine enforces the limits of servers again");
      return;
    }
    const message =
      "the engine does not enforce these protections of servers, or does not say that it does: see docs/operations.md";
    this.#log.warn(message, { unenforced: now, starts: this.#isRequired ? "refused without limits" : "not refused" });
  }

  #warn(message: string, { server, ...what }: { readonly server: string; readonly [key: string]: string }): void {
    const key = JSON.stringify([message, what]);
    if (this.#warned.has(key) || this.#warned.size >= maxWarnings) return;
    this.#warned.add(key);
    const shown = Object.entries(what).map(([name, text]) => [name, loggable(text)]);
    this.#log.warn(message, { server, ...Object.fromEntries(shown) });
  }
}

function weakened(server: string, weak: readonly string[]): Error {
  const message = `the Docker engine did not make the sandbox of server ${server} as it was asked to: its container ${weak.join(", and ")}`;
  return engineRefusal("not_running", message, { reason: "NOT_ENFORCED", server });
}
