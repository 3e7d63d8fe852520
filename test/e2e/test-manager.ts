import { randomBytes } from "node:crypto";
import { type Client, type ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { PullPolicy, RestartPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { type App, startApp } from "../../src/app/app.ts";
import { type Log, silentLog } from "../../src/base/log/log.ts";
import type { SecretSource } from "../../src/base/spec/declaration.ts";
import { readConfig } from "../../src/config/config.ts";
import { TestFleet, testImage, testSecretsDir } from "../runtime/docker/test-fleet.ts";
import { serversFolder } from "../runtime/process/test-processes.ts";
import { stateHome } from "../state-home.ts";

export type ManagerClient = Client<typeof ManagerService>;

export interface TestManagerOptions {
  /** Default: the tests' shared one. Another is the manager's to dispose. */
  readonly engine?: TestFleet;
  /** Default: as the product, with the fast path. False: the RPC library answers everything. */
  readonly fastPath?: boolean;
  /** Told of each line of the manager's log, as JSON. */
  readonly onLog?: (line: string) => void;
  /** Declared at each start. Default: none. */
  readonly secrets?: ReadonlyMap<string, SecretSource>;
}

/**
 * A whole manager in this process, on a free port and in a fleet of its own, which leaves nothing behind. With
 * MCPM_RUNTIME=process it needs no engine.
 */
export class TestManager implements AsyncDisposable {
  readonly fleet: string;
  readonly #env: Record<string, string>;
  readonly #fastPath: boolean;
  readonly #engine: TestFleet | undefined;
  readonly #log: Log;
  readonly #secrets: ReadonlyMap<string, SecretSource>;
  #app: App | undefined;

  private constructor(env: Record<string, string>, options: TestManagerOptions) {
    const { engine, fastPath = true, secrets = new Map(), onLog } = options;
    this.#env = env;
    this.#secrets = secrets;
    this.#log = onLog === undefined ? silentLog : tellingLog(onLog);
    this.#fastPath = fastPath;
    this.#engine = env.MCPM_RUNTIME === "process" ? undefined : (engine ?? new TestFleet());
    this.fleet = this.#engine?.fleet ?? `t-${randomBytes(6).toString("hex")}`;
  }

  static async start(env: Record<string, string> = {}, options: TestManagerOptions = {}): Promise<TestManager> {
    const manager = new TestManager(env, options);
    await manager.boot();
    return manager;
  }

  /** Starts a manager on the fleet; after `shutDown`, the next one. */
  async boot(): Promise<void> {
    const { PATH, HOME } = process.env;
    const env = {
      DOCKER_HOST: this.#engine?.dockerHost,
      PATH,
      HOME,
      XDG_STATE_HOME: stateHome(),
      MCPM_SECRETS_DIR: testSecretsDir,
      MCPM_PORT: "0",
      MCPM_FLEET: this.fleet,
      MCPM_SHUTDOWN_GRACE_MS: "500",
      ...this.#env,
    };
    const options = { log: this.#log, fastPath: this.#fastPath, env, secrets: this.#secrets };
    this.#app = await startApp(readConfig({ env, args: [] }), options);
  }

  async shutDown(): Promise<void> {
    await this.#app?.[Symbol.asyncDispose]();
    this.#app = undefined;
  }

  /** The engine that the manager uses, beside the manager. */
  get engine(): TestFleet {
    if (this.#engine === undefined) throw new Error("this manager has no engine");
    return this.#engine;
  }

  get app(): App {
    if (this.#app === undefined) throw new Error("no manager is running");
    return this.#app;
  }

  get url(): string {
    return `http://127.0.0.1:${this.app.port}`;
  }

  /** A gRPC client over HTTP/2. */
  get client(): ManagerClient {
    return grpcClient(this.url);
  }

  /** The containers of this fleet, by the engine's own word. */
  async containers(): Promise<string[]> {
    const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${this.engine.fleet}`];
    const containers = await this.engine.docker.listContainers({ all: true, filters: { label } });
    return containers.map(({ Id }) => Id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutDown();
    await this.#engine?.[Symbol.asyncDispose]();
  }
}

function tellingLog(onLog: (line: string) => void): Log {
  const tell = (message: string, fields?: object) => onLog(JSON.stringify({ message, ...fields }));
  return { debug: tell, info: tell, warn: tell, error: tell };
}

export function grpcClient(url: string): ManagerClient {
  return createClient(ManagerService, createGrpcTransport({ baseUrl: url }));
}

/** A spec that runs the hostile server with these arguments, and leaves it down when it goes down. */
export function hostileSpec(...args: string[]) {
  return {
    image: testImage,
    args: ["hostile.mjs", ...args],
    pullPolicy: PullPolicy.NEVER,
    restart: { policy: RestartPolicy.NEVER },
  };
}

/** The same as a plain process. */
export function hostileProcessSpec(...args: string[]) {
  return { ...hostileSpec(...args), command: [process.execPath], workingDir: serversFolder };
}

export function randomName(): string {
  return `s-${randomBytes(4).toString("hex")}`;
}

/** What a program can read of an error. */
export function errorInfo(error: ConnectError) {
  const [info] = error.findDetails(ErrorInfoSchema);
  const [bad] = error.findDetails(BadRequestSchema);
  return {
    code: error.code,
    reason: info?.reason,
    ...info?.metadata,
    fields: bad?.fieldViolations.map(({ field }) => field) ?? [],
  };
}

/** The error that a call ends with. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return error as ConnectError;
  }
  throw new Error("the call was expected to fail");
}

/** The text of a result's first block. */
export function textOf(result: Awaited<ReturnType<ManagerClient["callTool"]>>): string {
  const kind = result.content[0]?.kind;
  if (kind?.case !== "text") throw new Error(`expected text, got ${kind?.case}`);
  return kind.value.text;
}
