import { once } from "node:events";
import { createServer } from "node:net";
import { ManagerProcess } from "../e2e/manager-process.ts";

/** How long after the next manager listens a client may still learn that the one before is gone. */
const learnMs = 3_000;
/** How long after that grpc-js may repeat that nobody listened. */
const reconnectMs = 15_000;

const lastWordsChars = 2000;

/** One manager after the other on the same fleet and port, as its clients see it. */
export class ManagerLives implements AsyncDisposable {
  readonly port: number;
  readonly #fleet: string;
  readonly #env: Record<string, string>;
  #current: ManagerProcess;
  /** When there was none. */
  readonly #gone: { readonly fromMs: number; toMs: number }[] = [];
  readonly #before: string[] = [];
  /** Exit codes of those that were told to shut down. */
  readonly exitCodes: (number | null)[] = [];
  /** The last words of those that nobody told to end. */
  readonly died: string[] = [];
  #toldToEnd: ManagerProcess | undefined;

  private constructor(first: ManagerProcess, options: { fleet: string; env: Record<string, string> }) {
    this.#current = first;
    this.port = first.port;
    this.#fleet = options.fleet;
    this.#env = { ...options.env, MCPM_PORT: String(first.port) };
    this.#watch(first);
  }

  static async start(fleet: string, env: Record<string, string>): Promise<ManagerLives> {
    const port = String(await freePort());
    return new ManagerLives(await ManagerProcess.start(fleet, { ...env, MCPM_PORT: port }), { fleet, env });
  }

  get current(): ManagerProcess {
    return this.#current;
  }

  /** How many managers there were before this one. */
  get ended(): number {
    return this.#gone.length;
  }

  /** What all of them logged. */
  get said(): string {
    return [...this.#before, this.#current.said].join("");
  }

  /** Ends the manager, and starts the next one. */
  async replace(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const gone = { fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
    this.#gone.push(gone);
    await this.end(signal);
    this.#before.push(this.#current.said);
    this.#current = await ManagerProcess.start(this.#fleet, this.#env);
    this.#watch(this.#current);
    gone.toMs = performance.now() + learnMs;
  }

  /** Ends it for good. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#toldToEnd = this.#current;
    const code = await this.#current.kill(signal);
    if (signal === "SIGTERM") this.exitCodes.push(code);
  }

  /** Whether a call that failed between these two may have done so because there was no manager. */
  mayExplain(message: string, { fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
    const moreMs = message.startsWith("No connection established") ? reconnectMs : 0;
    return this.#gone.some((gone) => gone.fromMs <= toMs && fromMs <= gone.toMs + moreMs);
  }

  #watch(manager: ManagerProcess): void {
    void manager.exited.then((code) => {
      if (this.#toldToEnd === manager) return;
      const how = code === null ? `killed by ${manager.endedBy}` : `exit code ${code}`;
      this.died.push(`${how}: ${manager.said.slice(-lastWordsChars)}`);
      console.log(`  DIED ${this.died.at(-1)}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#toldToEnd = this.#current;
    await this.#current[Symbol.asyncDispose]();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
