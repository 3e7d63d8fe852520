import type { InstanceExit } from "../../runtime.ts";

/** The exit code of a process that SIGKILL ended, which is how the kernel ends one for lack of memory. */
export const killedExitCode = 128 + 9;

/** `oom` and `die` of the main process come so near to each other; an earlier `oom` was a child's. */
const oomToDieNanos = 2_000_000_000n;
/** The two come by different ways: of an engine under load (20.10) `oom` was seen 180 ms after `die`. */
const lateOomMs = 250;
/** A run waits half a second for its exit. */
const lookMs = 400;

export interface ExitCauseOptions {
  /** Whether the engine says of a container that it lacked memory. */
  readonly isFlagged: (id: string, signal: AbortSignal) => Promise<boolean>;
  readonly tell: (id: string, exit: InstanceExit) => void;
}

/**
 * Tells exits with what caused them. The engine's word that a container lacked memory is about any of its processes; only
 * the main process' own end says whether that was the one. Times are the engine's, in nanoseconds.
 */
export class ExitCause implements Disposable {
  readonly #options: ExitCauseOptions;
  readonly #oomed = new Map<string, bigint>();
  /** Containers that somebody sent a SIGKILL since their start. */
  readonly #killed = new Set<string>();
  /** Ends by SIGKILL of which it is not known yet where that came from, and how they are told. */
  readonly #unexplained = new Map<string, (oomKilled: boolean) => void>();
  readonly #disposed = new AbortController();

  constructor(options: ExitCauseOptions) {
    this.#options = options;
  }

  /** The kernel ended a process of the container for lack of memory. */
  oom(id: string, time: bigint): void {
    const settle = this.#unexplained.get(id);
    if (settle === undefined) this.#oomed.set(id, time);
    else settle(true);
  }

  /** Somebody asked the engine to kill it: its end needs no other explanation. */
  kill(id: string): void {
    this.#killed.add(id);
  }

  /** Its main process exited. Told at once when it is clear why, else a little later. */
  die(id: string, { exitCode, time }: { exitCode: number | undefined; time: bigint }): void {
    this.settle(id);
    const oomTime = this.#oomed.get(id);
    const killed = this.#killed.has(id);
    this.#forget(id);
    const tell = (oomKilled: boolean) =>
      this.#options.tell(id, { oomKilled, ...(exitCode === undefined ? {} : { exitCode }) });
    if (exitCode !== killedExitCode) tell(false);
    else if (oomTime !== undefined && time - oomTime <= oomToDieNanos) tell(true);
    else if (killed) tell(false);
    // After an earlier `oom` the engine's flag says nothing of this end.
    else this.#explain(id, { tell, looks: oomTime === undefined });
  }

  /** Something else happens to it: its exit is told before, with what is known. */
  settle(id: string): void {
    this.#unexplained.get(id)?.(false);
  }

  /** It was started, or removed. */
  begin(id: string): void {
    this.settle(id);
    this.#forget(id);
  }

  /** Tells nothing any more. */
  [Symbol.dispose](): void {
    this.#unexplained.clear();
    this.#disposed.abort();
  }

  #forget(id: string): void {
    this.#oomed.delete(id);
    this.#killed.delete(id);
  }

  #explain(id: string, { tell, looks }: { tell: (oomKilled: boolean) => void; looks: boolean }): void {
    const settle = (oomKilled: boolean) => {
      if (this.#unexplained.get(id) !== settle) return;
      this.#unexplained.delete(id);
      clearTimeout(late);
      tell(oomKilled);
    };
    this.#unexplained.set(id, settle);
    const looked = looks ? this.#look(id) : Promise.resolve(false);
    const late = setTimeout(() => void looked.then(settle), lateOomMs);
    void looked.then((isFlagged) => isFlagged && settle(true));
  }

  /** An engine may know without having told of it. */
  #look(id: string): Promise<boolean> {
    const signal = AbortSignal.any([this.#disposed.signal, AbortSignal.timeout(lookMs)]);
    return this.#options.isFlagged(id, signal).catch(() => false);
  }
}
