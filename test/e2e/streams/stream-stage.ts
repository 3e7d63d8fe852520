import type { CallToolStreamResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { hostileProcessSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

type StreamRequest = Parameters<ManagerClient["callToolStream"]>[0];

/** A message that the server got. */
export interface Received {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly requestId?: number; readonly _meta?: Record<string, unknown> };
}

/** A manager on child processes, and what tests of CallToolStream do with it. */
export class StreamStage implements AsyncDisposable {
  readonly manager: TestManager;

  private constructor(manager: TestManager) {
    this.manager = manager;
  }

  static async open(env: Record<string, string> = {}): Promise<StreamStage> {
    return new StreamStage(await TestManager.start({ MCPM_RUNTIME: "process", ...env }));
  }

  get client(): ManagerClient {
    return this.manager.client;
  }

  /** Starts the hostile server, with this beside the spec that it needs. */
  async started(more: object = {}): Promise<string> {
    const name = randomName();
    await this.client.start({ name, spec: { ...hostileProcessSpec(), ...more } });
    return name;
  }

  /** Every event of a call. */
  all(request: StreamRequest): Promise<CallToolStreamResponse[]> {
    return Array.fromAsync(this.client.callToolStream(request));
  }

  async received(server: string): Promise<readonly Received[]> {
    const { resultJson } = await this.client.callTool({ server, tool: "received", resultFormat: ResultFormat.JSON });
    return JSON.parse(resultJson).structuredContent.messages;
  }

  async inFlight(name: string): Promise<bigint | undefined> {
    return (await this.client.get({ name })).server?.callsInFlight;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.manager[Symbol.asyncDispose]();
  }
}

/** A call's arguments. */
export const input = (value: object) => ({ case: "argumentsJson" as const, value: JSON.stringify(value) });

/** Where a call is streamed over REST. */
export const restPath = (server: string) => `/servers/${server}/call/stream`;

/** What the events tell, each in a word or two; heartbeats tell nothing. */
export function told(events: readonly CallToolStreamResponse[]): (string | number)[] {
  return events.map(shown).filter((event) => event !== undefined);
}

function shown({ event }: CallToolStreamResponse): string | number | undefined {
  if (event.case === "heartbeat" || event.case === undefined) return undefined;
  if (event.case === "progress") return event.value.progress;
  if (event.case === "log") return event.value.text;
  if (event.case !== "result") return event.case;
  const [first] = event.value.content;
  return first?.kind.case === "text" ? first.kind.value.text : "result";
}
