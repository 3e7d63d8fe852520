import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../../base/log/log.ts";
import type { WatchListener } from "../../runtime.ts";
import { containerOf } from "./container-id.ts";
import type { Engine } from "./engine.ts";
import { ExitCause } from "./exit-cause.ts";
import { ownerFilter } from "./labels.ts";
import { lines } from "./lines.ts";

const firstDelayMs = 100;
/** Short, since servers come back no sooner; trying a socket without a listener costs next to nothing. */
const maxDelayMs = 1_000;
/** As the attribute `signal` of a `kill` event has it. */
const sigkill = "9";
/** A replay from the last event on holds that one, and others of the same moment. */
const maxKnown = 16;

interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

interface EventStreamOptions {
  readonly engine: Engine;
  readonly fleet: string;
  readonly listener: WatchListener;
  readonly log: Log;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
}

/**
 * The engine's events about this fleet's containers, kept open over breaks: reconnects with growing delays, asks for
 * what came since the last event, and then says `resync`, for the engine keeps only its last few hundred events.
 */
export class EventStream implements AsyncDisposable {
  readonly #options: EventStreamOptions;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  readonly #exits: ExitCause;
  /** Nanoseconds since 1970 by the engine's clock, of the last event: from there on it is asked for more. */
  #since: bigint | undefined;
  /** The last events, as they came. */
  readonly #known = new Set<string>();

  constructor(options: EventStreamOptions) {
    this.#options = options;
    // From now on, though the stream opens later. The clock is the engine's only when it is on this machine.
    this.#since = options.engine.address.kind === "local" ? BigInt(options.now()) * 1_000_000n : undefined;
    this.#exits = new ExitCause({
      isFlagged: (id, signal) => this.#lackedMemory(id, signal),
      tell: (id, exit) => options.listener.exit(id, exit),
    });
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#exits[Symbol.dispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    let failures = 0;
    let broken = false;
    const onOpen = () => {
      failures = 0;
      if (broken) this.#options.listener.resync();
      broken = false;
    };
    while (!signal.aborted) {
      const reason = await this.#readToItsEnd(onOpen);
      if (signal.aborted) return;
      // Logged once a break: not again at every try while the engine is down.
      if (reason !== undefined && failures === 0) {
        this.#options.log.warn("the engine's event stream broke; reconnecting", { reason });
      }
      if (!broken) this.#options.listener.broken();
      broken = true;
      const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** failures++);
      await delay(delayMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Why it broke; undefined when it just ended. */
  async #readToItsEnd(onOpen: () => void): Promise<string | undefined> {
    try {
      const stream = await this.#open();
      onOpen();
      for await (const line of lines(stream)) this.#receive(line);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #open(): Promise<Readable> {
    const { engine, fleet } = this.#options;
    const filters = {
      type: ["container"],
      // Podman calls it `remove` when a container is destroyed.
      event: ["die", "oom", "kill", "destroy", "remove", "start", "pause", "unpause"],
      label: ownerFilter(fleet),
    };
    const since = this.#since === undefined ? {} : { since: formatTime(this.#since) };
    return engine.events({ filters, ...since }, this.#closed.signal);
  }

  #receive(line: string): void {
    // A replay begins with what is known. Not told by the time: one that is earlier comes of a clock that was set back.
    if (this.#known.has(line)) return;
    this.#known.add(line);
    for (const oldest of this.#known) {
      if (this.#known.size > maxKnown) this.#known.delete(oldest);
    }
    // Not by JSON.parse: nanoseconds exceed 2^53.
    const time = /"timeNano":(\d+)/.exec(line)?.[1];
    if (time !== undefined) this.#since = BigInt(time);
    this.#handle(JSON.parse(line) as EngineEvent, BigInt(time ?? 0));
  }

  #handle({ Action: action, Actor: actor }: EngineEvent, time: bigint): void {
    const { listener } = this.#options;
    const { ID: id, Attributes: attributes } = actor;
    if (action === "oom") {
      listener.outOfMemory(id);
      this.#exits.oom(id, time);
    } else if (action === "kill") {
      if (attributes.signal === sigkill) this.#exits.kill(id);
    } else if (action === "die") {
      const exitCode = Number.parseInt(attributes.exitCode ?? "", 10);
      this.#exits.die(id, { exitCode: Number.isNaN(exitCode) ? undefined : exitCode, time });
    } else if (action === "destroy" || action === "remove") {
      this.#exits.begin(id);
      listener.removed(id);
    } else {
      if (action === "start") this.#exits.begin(id);
      listener.changed(id);
    }
  }

  async #lackedMemory(id: string, signal: AbortSignal): Promise<boolean> {
    const { State } = await this.#options.engine.call(
      `inspect container ${id}`,
      (docker, abort) => containerOf(docker, id).inspect(abort),
      { signal },
    );
    return State.OOMKilled;
  }
}

/** Seconds and nanoseconds, as the engine takes them. */
function formatTime(nanoseconds: bigint): string {
  const billion = 1_000_000_000n;
  return `${nanoseconds / billion}.${String(nanoseconds % billion).padStart(9, "0")}`;
}
