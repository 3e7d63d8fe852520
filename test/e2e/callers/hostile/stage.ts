import { expect } from "vitest";
import { ServerState } from "../../../../gen/mcpmanager/v1/server_pb.ts";
import { grpcClient, hostileSpec, type ManagerClient, randomName, TestManager, textOf } from "../../test-manager.ts";

/** A server that sins, on a real container, and what a sin's test does with it. Stopped when disposed. */
export interface Sinner extends AsyncDisposable {
  readonly name: string;
  readonly containerId: string;
  call(
    tool: string,
    args?: object,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): ReturnType<ManagerClient["callTool"]>;
}

type Spec = Partial<ReturnType<typeof hostileSpec>> & Record<string, unknown>;

/** One manager with a witness: a server that never sins, and must never notice. */
export class Stage implements AsyncDisposable {
  readonly manager: TestManager;
  readonly client: ManagerClient;

  private constructor(manager: TestManager) {
    this.manager = manager;
    this.client = manager.client;
  }

  static async open(env: Record<string, string>): Promise<Stage> {
    const stage = new Stage(await TestManager.start(env));
    await stage.client.start({ name: "witness", spec: hostileSpec() });
    return stage;
  }

  async start(args: readonly string[] = [], spec: Spec = {}): Promise<Sinner> {
    const name = randomName();
    const { server } = await this.client.start({ name, spec: { ...hostileSpec(...args), ...spec } });
    return {
      name,
      containerId: server?.instances[0]?.containerId ?? "",
      call: (tool, value = {}, options = {}) =>
        this.client.callTool(
          { server: name, tool, input: { case: "argumentsJson", value: JSON.stringify(value) } },
          options,
        ),
      [Symbol.asyncDispose]: async () => {
        await this.client.stop({ name, gracePeriod: { seconds: 0n } });
      },
    };
  }

  /** The server as the manager shows it. */
  async get(name: string) {
    const { server } = await this.client.get({ name });
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  /** Does the work while the witness is called again and again, and once more after it: each call must be answered. */
  async witnessed(work: () => Promise<void>): Promise<void> {
    let done = false;
    const working = work().finally(() => {
      done = true;
    });
    const client = grpcClient(this.manager.url); // a caller's own
    const witness = async () => {
      for (let last = false; !last; ) {
        last = done;
        const text = randomName();
        const input = { case: "arguments", value: { text } } as const;
        expect(textOf(await client.callTool({ server: "witness", tool: "echo", input }))).toBe(text);
      }
    };
    await Promise.all([working, witness()]);
  }

  /** The session is the one that began, and answers. */
  async expectAlive(sinner: Sinner): Promise<void> {
    expect(textOf(await sinner.call("echo", { text: "alive" }))).toBe("alive");
    expect(await this.get(sinner.name)).toMatchObject({ state: ServerState.READY, restartCount: 0n });
  }

  /** Stop finds the server; then the engine has the witness and nothing else of this fleet. */
  async expectGoneWithoutTrace(name: string): Promise<void> {
    const gracePeriod = { seconds: 0n, nanos: 300_000_000 };
    expect((await this.client.stop({ name, gracePeriod })).found).toBe(true);
    await this.expectOnlyTheWitness();
  }

  async expectOnlyTheWitness(): Promise<void> {
    const witness = await this.get("witness");
    expect(await this.manager.containers()).toEqual([witness.instances[0]?.containerId]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.manager[Symbol.asyncDispose]();
  }
}
