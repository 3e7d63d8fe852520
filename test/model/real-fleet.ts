import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import type { Server } from "../../gen/mcpmanager/v1/server_pb.ts";
import { ManagerProcess } from "../e2e/manager-process.ts";
import { errorInfo, type ManagerClient } from "../e2e/test-manager.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { type Outcome, type ServerName, serverNames } from "./fleet-model.ts";

/** How long anything may take to settle: much longer than it does. */
export const settleMs = 20_000;

/** The manager as a process, on the real engine. */
export class RealFleet implements AsyncDisposable {
  readonly engine = new TestFleet();
  #manager: ManagerProcess | undefined;

  static async open(): Promise<RealFleet> {
    const real = new RealFleet();
    await real.#boot();
    return real;
  }

  get client(): ManagerClient {
    if (this.#manager === undefined) throw new Error("no manager is running");
    return this.#manager.client;
  }

  /** Ends the manager and starts the next one; resolves when that has adopted what there is. */
  async reboot(signal: NodeJS.Signals): Promise<void> {
    await this.#manager?.kill(signal);
    await this.#boot();
  }

  async #boot(): Promise<void> {
    this.#manager = await ManagerProcess.start(this.engine.fleet);
    const ready = await fetch(`http://127.0.0.1:${this.#manager.port}/ready`, {
      signal: AbortSignal.timeout(settleMs),
    });
    expect(ready.status).toBe(200);
  }

  async get(name: ServerName): Promise<Server | undefined> {
    const { servers } = await this.client.list({});
    return servers.find((server) => server.name === name);
  }

  /** A call with a deadline that the manager alone watches: a client's own timer would be there first. */
  async outcomeWithin(timeoutMs: number, call: { readonly server: string; readonly tool: string }): Promise<Outcome> {
    const response = await fetch(`http://127.0.0.1:${this.#manager?.port}/mcpmanager.v1.ManagerService/CallTool`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": String(timeoutMs) },
      body: JSON.stringify(call),
    });
    if (response.ok) return "ok";
    const { code, details } = (await response.json()) as ConnectFailure;
    expect(code).toBe("deadline_exceeded");
    const { reason = "", metadata = {} } = details[0]?.debug ?? {};
    return {
      code: Code.DeadlineExceeded,
      reason,
      ...(metadata.delivery === undefined ? {} : { delivery: metadata.delivery }),
    };
  }

  /** Stops all servers. */
  async clear(): Promise<void> {
    for (const name of serverNames) await this.client.stop({ name, gracePeriod: { seconds: 0n, nanos: 0 } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager?.[Symbol.asyncDispose]();
    await this.engine[Symbol.asyncDispose]();
  }
}

interface ConnectFailure {
  readonly code: string;
  readonly details: readonly {
    readonly debug?: { readonly reason: string; readonly metadata: { delivery?: string } };
  }[];
}

/** What a request is answered with. */
export async function outcomeOf(request: Promise<unknown>): Promise<Outcome> {
  try {
    await request;
    return "ok";
  } catch (error) {
    const { code, reason = "", delivery } = errorInfo(ConnectError.from(error)) as Exclude<Outcome, "ok">;
    return { code, reason, ...(delivery === undefined ? {} : { delivery }) };
  }
}
