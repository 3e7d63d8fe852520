import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { AbortSource } from "../../../base/async/abort-source.ts";
import { abortable } from "../../../base/async/abortable.ts";
import { ManagerError } from "../../../base/errors/errors.ts";
import { FairQueue } from "../../calls/fair-queue.ts";
import type { CheckInput, CheckResult } from "./check-arguments.ts";
import { checksFull, schemaTooLarge, schemaTooSlow } from "./check-error.ts";
import type { WorkerMessage } from "./check-worker.ts";
import { cpuLimit } from "./cpu-limit.ts";

export interface CheckThreadOptions {
  /** How much processor time one check may take. Default: 250 ms. By the clock it may take eight times as long. */
  readonly limitMs?: number;
  /** How much memory one check may take. Default: 256 MiB. */
  readonly limitMb?: number;
  /** Most checks that may wait. Default: 1000. */
  readonly maxWaiting?: number;
  /** Most checks that may wait in one lane. Default: 100. */
  readonly maxWaitingInLane?: number;
}

export interface CheckOptions {
  /** Checks take turns, one of each lane: a server with slow ones makes only its own wait. */
  readonly lane: string;
  readonly signal?: AbortSource | undefined;
}

interface Job extends PromiseWithResolvers<CheckResult> {
  readonly input: CheckInput;
  readonly lane: string;
}

type State =
  | { readonly kind: "none" | "closed" }
  | { readonly kind: "starting"; readonly worker: Worker }
  | { readonly kind: "idle"; readonly worker: Worker; readonly usedMs: number }
  | { readonly kind: "busy"; readonly worker: Worker; readonly job: Job; readonly limit: Disposable };

const patience = 8;

/** This file's own extension: `.ts` from source, `.js` in the package. */
const workerFile = new URL(`./check-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * A thread that checks arguments, started by the first check. Schemas are the servers' own, and may take any time and
 * memory; a check that takes more than it may is ended together with its thread, and the next one gets a new thread.
 */
export class CheckThread implements AsyncDisposable {
  readonly #limitMs: number;
  readonly #limitMb: number;
  readonly #maxWaiting: number;
  readonly #maxWaitingInLane: number;
  readonly #queue = new FairQueue<Job>();
  readonly #waitingInLane = new Map<string, number>();
  #state: State = { kind: "none" };

  constructor({ limitMs = 250, limitMb = 256, maxWaiting = 1000, maxWaitingInLane = 100 }: CheckThreadOptions = {}) {
    this.#limitMs = limitMs;
    this.#limitMb = limitMb;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitingInLane = maxWaitingInLane;
  }

  /** Whether there is a thread. */
  get running(): boolean {
    return this.#state.kind !== "none" && this.#state.kind !== "closed";
  }

  /** Does a check in its turn. Throws `too_much` (too slow, too large, too many wait), or the signal's reason. */
  async run(input: CheckInput, { lane, signal }: CheckOptions): Promise<CheckResult> {
    if (signal?.aborted) throw signal.reason;
    if (this.#state.kind === "closed") throw closing();
    if (this.#queue.size >= this.#maxWaiting) throw checksFull("in all");
    const waiting = this.#waitingInLane.get(lane) ?? 0;
    if (waiting >= this.#maxWaitingInLane) throw checksFull(`of server ${lane}`);
    const job: Job = { input, lane, ...Promise.withResolvers<CheckResult>() };
    this.#queue.add(lane, job);
    this.#waitingInLane.set(lane, waiting + 1);
    this.#next();
    try {
      return await abortable(job.promise, signal);
    } finally {
      if (this.#queue.remove(lane, job)) this.#left(job);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    for (let job = this.#take(); job !== undefined; job = this.#take()) job.reject(closing());
    if (state.kind === "busy") {
      state.limit[Symbol.dispose]();
      state.job.reject(closing());
    }
    if ("worker" in state) await state.worker.terminate();
  }

  #next(): void {
    const state = this.#state;
    if (state.kind === "none" && this.#queue.size > 0) this.#start();
    const job = state.kind === "idle" ? this.#take() : undefined;
    if (state.kind !== "idle" || job === undefined) return;
    const { worker, usedMs } = state;
    const limitMs = this.#limitMs;
    const onOver = () => this.#end(worker, schemaTooSlow(limitMs));
    const limit = cpuLimit(worker, { usedMs, limitMs, maxMs: patience * limitMs, onOver });
    this.#state = { kind: "busy", worker, job, limit };
    worker.postMessage(job.input);
  }

  #start(): void {
    const worker = new Worker(workerFile, {
      name: "argument-check",
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#limitMb, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    });
    this.#state = { kind: "starting", worker };
    worker.on("message", (message: WorkerMessage) => this.#received(worker, message));
    worker.on("error", (error) => this.#died(worker, error));
    worker.on("exit", () => this.#died(worker, new Error("the thread ended")));
  }

  #received(worker: Worker, { result, cpuMs }: WorkerMessage): void {
    const state = this.#state;
    if (!("worker" in state) || state.worker !== worker) return;
    this.#state = { kind: "idle", worker, usedMs: cpuMs };
    if (state.kind === "busy" && result !== undefined) {
      state.limit[Symbol.dispose]();
      state.job.resolve(result);
    }
    this.#next();
  }

  #died(worker: Worker, error: Error & { code?: string }): void {
    const tooLarge = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    this.#end(worker, tooLarge ? schemaTooLarge(this.#limitMb) : broken(error));
  }

  /** Gives the thread up, and fails the check that it did, or could not begin. */
  #end(worker: Worker, error: ManagerError): void {
    const state = this.#state;
    if (!("worker" in state) || state.worker !== worker) return;
    this.#state = { kind: "none" };
    if (state.kind === "busy") state.limit[Symbol.dispose]();
    const job = state.kind === "busy" ? state.job : this.#take();
    job?.reject(error);
    void worker.terminate();
    this.#next();
  }

  #take(): Job | undefined {
    const job = this.#queue.take();
    if (job !== undefined) this.#left(job);
    return job;
  }

  #left({ lane }: Job): void {
    const waiting = (this.#waitingInLane.get(lane) ?? 0) - 1;
    if (waiting > 0) this.#waitingInLane.set(lane, waiting);
    else this.#waitingInLane.delete(lane);
  }
}

function broken(cause: Error): ManagerError {
  const message = `the arguments could not be checked: ${cause.message}`;
  return new ManagerError("internal", message, { details: { reason: "INTERNAL", delivery: "not_sent" }, cause });
}

function closing(): ManagerError {
  return new ManagerError("unavailable", "the manager is shutting down", {
    details: { reason: "MANAGER_STOPPING", delivery: "not_sent" },
  });
}
