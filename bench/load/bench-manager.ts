import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { PullPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { ManagerProcess } from "../../test/e2e/manager-process.ts";
import type { ManagerClient } from "../../test/e2e/test-manager.ts";
import { TestFleet } from "../../test/runtime/docker/test-fleet.ts";
import { bundleHere, startBundledManager } from "./bundled-manager.ts";
import { echoImage } from "./echo-container.ts";

/** With room for all that growth.ts has in flight: by default, what waits beyond 1024 calls is refused. */
export const echoSpec = { image: echoImage, pullPolicy: PullPolicy.NEVER, callLimits: { maxQueued: 10_000 } };

/** A manager as users run it, in a fleet of its own, which leaves nothing behind. */
export class BenchManager implements AsyncDisposable {
  readonly #fleet = new TestFleet();
  readonly #env: Record<string, string>;
  readonly #bundle: string | undefined;
  #process: ManagerProcess | undefined;

  private constructor(env: Record<string, string>, bundle: string | undefined) {
    this.#env = env;
    this.#bundle = bundle;
  }

  /**
   * Without `bundled` it runs from its sources, whose files a profile tells apart. `bundle`: the folder of another tree's.
   */
  static async start(
    env: Record<string, string> = {},
    { bundled = true, bundle = bundleHere } = {},
  ): Promise<BenchManager> {
    const manager = new BenchManager(env, bundled ? bundle : undefined);
    await manager.boot();
    return manager;
  }

  /** Starts a manager on the fleet; after `shutDown`, the next one. */
  async boot(): Promise<void> {
    const { fleet } = this.#fleet;
    this.#process = await (this.#bundle === undefined
      ? ManagerProcess.start(fleet, this.#env)
      : startBundledManager({ fleet, env: this.#env, bundle: this.#bundle }));
  }

  /** Its servers go on. */
  async shutDown(): Promise<void> {
    await this.#process?.kill("SIGTERM");
    this.#process = undefined;
  }

  get process(): ManagerProcess {
    if (this.#process === undefined) throw new Error("no manager is running");
    return this.#process;
  }

  get pid(): number {
    return this.process.pid;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.process.port}`;
  }

  /** A client of its own connection, which takes large results. */
  get client(): ManagerClient {
    const readMaxBytes = 256 * 1024 * 1024;
    return createClient(ManagerService, createGrpcTransport({ baseUrl: this.origin, readMaxBytes }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // By the engine: a manager that was told to end, or failed, removes nothing.
    await this.#process?.[Symbol.asyncDispose]();
    await this.#fleet[Symbol.asyncDispose]();
  }
}
