import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { Era, ServerSpecSchema, ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { parseExact } from "../e2e/protocols/oracle/exact-json.ts";
import { outcome } from "../e2e/protocols/oracle/manager-client.ts";
import type { Outcome } from "../e2e/protocols/oracle/sdk-clients.ts";
import { untypedTool } from "../e2e/protocols/oracle/untyped.ts";
import { errorInfo, failureOf } from "../e2e/test-manager.ts";
import type { Call, RealServer } from "./real-server.ts";
import type { Place, Stage } from "./stage.ts";

/** Twice as long as the manager takes for silence: it has asked in the other way, too, when the server goes on. */
const pausedMs = 6_000;

const eras = { legacy: Era.LEGACY, modern: Era.MODERN };

/** A server of the table through the manager's API. */
export class RunningServer implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #server: RealServer;
  readonly #place: Place;
  constructor(stage: Stage, parts: { readonly server: RealServer; readonly place: Place }) {
    this.#stage = stage;
    this.#server = parts.server;
    this.#place = parts.place;
  }

  /** Must find the era of the table. Gives how long it took, in milliseconds. */
  async start(more: Readonly<Record<string, JsonValue>> = {}): Promise<number> {
    const { name } = this.#server;
    const spec = fromJson(ServerSpecSchema, { ...(this.#place.spec as Record<string, JsonValue>), ...more });
    const started = performance.now();
    const { server } = await this.#stage.client.start({ name, spec });
    const ms = performance.now() - started;
    expect(server?.state).toBe(ServerState.READY);
    const { era, protocolVersion: revision } = server?.mcp ?? {};
    expect({ era, revision }).toEqual({ era: eras[this.#server.era], revision: this.#server.revision });
    return ms;
  }

  /** As `start`, but the whole container stands still for a while from when it runs, as on a machine with too much to do. */
  async startPaused(more: Readonly<Record<string, JsonValue>>): Promise<void> {
    const { docker } = this.#stage.fleet;
    const filters = { event: ["start"], label: this.#stage.labels };
    const events = (await docker.getEvents({ filters })) as Readable;
    const started = once(createInterface({ input: events }), "line");
    const ready = this.start(more);
    ready.catch(() => {}); // Awaited below, when the container goes on.
    const container = docker.getContainer(JSON.parse((await started)[0]).id);
    events.destroy();
    await container.pause();
    await delay(pausedMs);
    await container.unpause();
    await ready;
  }

  call({ tool, args = {} }: Call): Promise<Outcome> {
    const value = JSON.stringify(this.#place.fill(args));
    return outcome(async () => {
      const { resultJson } = await this.#stage.client.callTool({
        server: this.#server.name,
        tool,
        input: { case: "argumentsJson", value },
        resultFormat: ResultFormat.JSON,
      });
      return parseExact(resultJson);
    });
  }

  read(uri: string): Promise<Outcome> {
    return outcome(async () => {
      const server = this.#server.name;
      const { resultJson } = await this.#stage.client.readResource({ server, uri, resultFormat: ResultFormat.JSON });
      return parseExact(resultJson);
    });
  }

  async tools(): Promise<unknown[]> {
    const { tools } = await this.#stage.client.listTools({ server: this.#server.name, pageSize: 1000 });
    return tools.map(untypedTool);
  }

  async resources(): Promise<string[]> {
    const { resources } = await this.#stage.client.listResources({ server: this.#server.name, pageSize: 1000 });
    return resources.map(({ uri }) => uri);
  }

  async prompts(): Promise<string[]> {
    const { prompts } = await this.#stage.client.listPrompts({ server: this.#server.name, pageSize: 1000 });
    return prompts.map(({ name }) => name);
  }

  /** How many it has of each kind, or why it does not say so. */
  async has(): Promise<Record<keyof RealServer["has"], unknown>> {
    return {
      tools: await countOf(this.tools()),
      resources: await countOf(this.resources()),
      prompts: await countOf(this.prompts()),
    };
  }

  async restart(): Promise<void> {
    await this.#stage.client.restart({ name: this.#server.name });
  }

  /** Kills its container behind the manager's back. Resolves when the manager starts it again. */
  async kill(): Promise<void> {
    const { restartCount = 0n, instances = [] } = (await this.#now()) ?? {};
    await this.#stage.fleet.docker.getContainer(instances[0]?.containerId ?? "").kill();
    await expect.poll(async () => (await this.#now())?.restartCount).toBeGreaterThan(restartCount);
  }

  async isIdle(): Promise<boolean> {
    return (await this.#now())?.state === ServerState.IDLE;
  }

  /** Stops it; nothing of it must be left then. */
  async stop(): Promise<void> {
    const { name } = this.#server;
    await this.#stage.client.stop({ name });
    expect(errorInfo(await failureOf(this.#stage.client.get({ name }))).reason).toBe("SERVER_NOT_FOUND");
    expect(await this.#stage.containers()).toEqual([]);
  }

  /** Stops it when a test has left it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { name } = this.#server;
    const { servers } = await this.#stage.client.list({});
    if (servers.every((server) => server.name !== name)) return;
    await this.#stage.client.stop({ name, gracePeriod: { seconds: 0n } });
  }

  async #now() {
    return (await this.#stage.client.get({ name: this.#server.name })).server;
  }
}

async function countOf(list: Promise<readonly unknown[]>): Promise<number | string | undefined> {
  try {
    return (await list).length;
  } catch (error) {
    const { reason } = errorInfo(error as ConnectError);
    return reason === "METHOD_NOT_FOUND" ? "none" : reason;
  }
}
