import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { quantile } from "../measure/median.ts";

const program = fileURLToPath(new URL("another-caller.ts", import.meta.url));

export interface AskedCall {
  /** When it was sent, on the machine's clock. */
  readonly atMs: number;
  tookMs: number;
  ok: boolean;
}

/** The same clock in all processes. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What another caller had to wait, in milliseconds. */
export interface Waits {
  readonly maxMs: number;
  readonly p99Ms: number;
  /** When the call was sent that waited longest. */
  readonly maxAtMs: number;
  readonly failed: number;
}

/** Another caller, in a process of its own, so that what loads the manager does not hold it up. */
export class OtherCalls implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when it calls. */
  static async start(port: number): Promise<OtherCalls> {
    const child = fork(program, [String(port)], { serialization: "advanced" });
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => Promise.reject(new Error("the other caller could not call"))),
    ]);
    return new OtherCalls(child);
  }

  /** Ends it, and says what those calls took that were sent from then on. */
  async stop(sinceMs: number): Promise<Waits> {
    const answered = once(this.#child, "message");
    this.#child.send("stop");
    const [all] = (await answered) as [AskedCall[]];
    const asked = all.filter(({ atMs, tookMs }) => atMs + tookMs >= sinceMs);
    const longest = asked.reduce<AskedCall | undefined>(
      (a, b) => (a !== undefined && a.tookMs >= b.tookMs ? a : b),
      undefined,
    );
    if (longest === undefined) throw new Error("the other caller did not call");
    return {
      maxMs: longest.tookMs,
      p99Ms: quantile(
        Float64Array.from(asked, ({ tookMs }) => tookMs),
        0.99,
      ),
      maxAtMs: longest.atMs,
      failed: asked.filter(({ ok }) => !ok).length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
