import { createHmac, randomBytes } from "node:crypto";
import canonicalize from "canonicalize";
import { abortable } from "../../base/async/abortable.ts";
import { type Changes, Notifier } from "../../base/async/notifier.ts";
import { ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { Declaration } from "../../base/spec/declaration.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { type PlanAction, type PlanStep, type Present, planOf, type Wanted } from "./plan.ts";

export interface ApplyOptions {
  /** Only the plan is made. */
  readonly dryRun: boolean;
  /** The digest of the plan that the caller has seen; another one is refused. Absent: any plan will do. */
  readonly expectedDigest?: string | undefined;
  /** Ends it between two servers; what is under way with a server is finished. */
  readonly signal: AbortSignal;
}

export type ApplyEvent =
  | { readonly kind: "plan"; readonly steps: readonly PlanStep[]; readonly digest: string }
  /** What is under way with a server, e.g. a pull. */
  | { readonly kind: "progress"; readonly server: string; readonly message: string }
  /** A step is over. `error`: it did not work; a server that was to be replaced is as it was. */
  | { readonly kind: "change"; readonly server: string; readonly action: PlanAction; readonly error?: ManagerError }
  | { readonly kind: "done"; readonly changed: number; readonly kept: number; readonly failed: number };

/** What an apply needs of its fleet. */
export interface ApplyTarget {
  present(): Promise<ReadonlyMap<string, Present>>;
  /** Throws `denied` or `invalid` when the spec is not allowed or not possible. */
  check(spec: ServerSpec): Promise<void>;
  /** Whether there is memory for one more container of this spec. */
  hasRoom(spec: ServerSpec): boolean;
  /** Makes a server that there is not, or brings up one that is down. */
  create(server: string, declaration: Declaration, set: string): Promise<void>;
  update(server: string, declaration: Declaration, set: string): Promise<void>;
  remove(server: string): Promise<void>;
  /** Tells of each change, and of each step of a pull. */
  readonly changes: Changes;
  pullProgress(server: string): string;
}

/** So many servers are worked on at a time: an engine makes containers one after the other anyway. */
const maxAtOnce = 4;
/** Nothing to tell for so long: the signal is looked at again. */
const waitMs = 60_000;

/** Makes the fleet what was declared, one apply after the other. */
export class Applies {
  readonly #target: ApplyTarget;
  readonly #key = randomBytes(32);
  #last: Promise<void> = Promise.resolve();

  constructor(target: ApplyTarget) {
    this.#target = target;
  }

  /**
   * Plans, then does what is planned; the first event is the plan. A step that fails does not keep the others from being
   * done. Throws `interrupted` (PLAN_CHANGED) when the plan is not the expected one, before anything is done, and the
   * reason of the signal.
   */
  async *apply(wanted: Wanted, options: ApplyOptions): AsyncGenerator<ApplyEvent> {
    const before = this.#last;
    const over = Promise.withResolvers<void>();
    this.#last = before.then(() => over.promise);
    try {
      await abortable(before, options.signal);
      const { steps, digest } = await this.#plan(wanted);
      if (options.expectedDigest !== undefined && options.expectedDigest !== digest) throw planChanged(wanted.set);
      yield { kind: "plan", steps, digest };
      if (!options.dryRun) yield* this.#carryOut(steps, { wanted, signal: options.signal });
    } finally {
      over.resolve();
    }
  }

  async #plan(wanted: Wanted): Promise<{ steps: PlanStep[]; digest: string }> {
    const refused = new Map<string, string>();
    for (const [server, { spec }] of wanted.servers) {
      await this.#target.check(spec).catch((error: unknown) => {
        const { kind, message } = toManagerError(error);
        // One that can't be asked now is no reason against a server.
        if (kind === "denied" || kind === "invalid") refused.set(server, message);
      });
    }
    const present = await this.#target.present();
    const hasRoom = (spec: ServerSpec) => this.#target.hasRoom(spec);
    const steps = planOf(wanted, present, { refused, hasRoom });
    const specs = steps.map(({ server }) => [present.get(server)?.spec ?? null, wanted.servers.get(server) ?? null]);
    const text = canonicalize([wanted.set, steps, specs]) ?? "";
    // Keyed: env values are among the specs, and a guess must not be checked by a digest.
    return { steps, digest: createHmac("sha256", this.#key).update(text).digest("hex") };
  }

  async *#carryOut(
    steps: readonly PlanStep[],
    { wanted, signal }: { wanted: Wanted; signal: AbortSignal },
  ): AsyncGenerator<ApplyEvent> {
    const feed = new Feed(this.#target);
    const work = this.#doAll(steps, { wanted, signal, feed }).finally(() => feed.end());
    work.catch(() => {});
    try {
      yield* feed.events();
    } finally {
      // A caller that leaves must not leave the next apply beside this one.
      feed.end();
      await work.catch(() => {});
    }
    signal.throwIfAborted();
    const { failed, changed } = feed;
    const refused = steps.filter(({ action }) => action === "refuse").length;
    const kept = steps.filter(({ action }) => action === "keep").length;
    yield { kind: "done", changed, kept, failed: failed + refused };
  }

  async #doAll(
    steps: readonly PlanStep[],
    { wanted, signal, feed }: { wanted: Wanted; signal: AbortSignal; feed: Feed },
  ): Promise<void> {
    const todo = steps.filter(({ action }) => action !== "keep" && action !== "refuse").values();
    const worker = async () => {
      for (const step of todo) {
        if (signal.aborted) return;
        await feed.during(step, () => this.#do(step, wanted));
      }
    };
    await Promise.all(Array.from({ length: maxAtOnce }, worker));
  }

  async #do({ server, action }: PlanStep, { set, servers }: Wanted): Promise<void> {
    if (action === "remove") return this.#target.remove(server);
    const declaration = servers.get(server);
    if (declaration === undefined) throw new Error(`nobody declares server ${server}`);
    if (action === "create") await this.#target.create(server, declaration, set);
    else await this.#target.update(server, declaration, set);
  }
}

/** What happens in one apply, until its caller reads it. */
class Feed {
  readonly #target: ApplyTarget;
  readonly #changes = new Notifier();
  readonly #underWay = new Map<string, string>();
  #events: ApplyEvent[] = [];
  #ended = false;
  changed = 0;
  failed = 0;

  constructor(target: ApplyTarget) {
    this.#target = target;
  }

  end(): void {
    this.#ended = true;
    this.#changes.notify();
  }

  async during({ server, action }: PlanStep, work: () => Promise<void>): Promise<void> {
    this.#underWay.set(server, "");
    try {
      await work();
      this.changed += 1;
      this.#add({ kind: "change", server, action });
    } catch (error) {
      this.failed += 1;
      this.#add({ kind: "change", server, action, error: toManagerError(error).with({ server }) });
    } finally {
      this.#underWay.delete(server);
    }
  }

  async *events(): AsyncGenerator<ApplyEvent> {
    const left = new AbortController();
    const follow = this.#followPulls(left.signal);
    try {
      for (;;) {
        const since = this.#changes.count;
        const events = this.#events;
        this.#events = [];
        yield* events;
        if (events.length > 0) continue;
        if (this.#ended) return;
        await this.#changes.wait({ since });
      }
    } finally {
      left.abort();
      await follow;
    }
  }

  async #followPulls(signal: AbortSignal): Promise<void> {
    const { changes } = this.#target;
    while (!signal.aborted) {
      const since = changes.count;
      for (const [server, told] of this.#underWay) {
        const message = this.#target.pullProgress(server);
        if (message === "" || message === told) continue;
        this.#underWay.set(server, message);
        this.#add({ kind: "progress", server, message });
      }
      await changes.wait({ since, timeoutMs: waitMs, signal });
    }
  }

  #add(event: ApplyEvent): void {
    if (this.#ended) return;
    this.#events.push(event);
    this.#changes.notify();
  }
}

function planChanged(set: string): ManagerError {
  const message = `what an apply of the set ${JSON.stringify(set)} would do now is not what was expected: look at the plan again`;
  return new ManagerError("interrupted", message, { details: { reason: "PLAN_CHANGED", delivery: "not_sent" } });
}
