import { silentLog } from "../../src/base/log/log.ts";
import type { Fleet } from "../../src/fleet/fleet.ts";
import type {} from "../../src/fleet/fleet-options.ts";
import { firstOf } from "../../src/http/handler.ts";
import { refuseRpc } from "../../src/http/refuse.ts";
import { type Authorize, allowAll } from "../../src/operations/authorize.ts";
import type { OpenCall } from "../../src/operations/call-context.ts";
import { restHandler } from "../../src/rest/rest-handler.ts";
import { localCalls, type RouterOptions, rpcRoutes } from "../../src/rpc/router.ts";
import { Listener } from "../../src/server/listener.ts";
import { TransferBudget } from "../../src/server/responses/transfer-budget.ts";
import { openCall as openAnyCall } from "../rpc/a-call.ts";
import { type Ask, askers, type Protocol } from "./ask.ts";

export interface BrokenFleetOptions {
  readonly fastPath?: boolean;
  readonly authorize?: Authorize;
  readonly openCall?: OpenCall;
}

/** The manager's port in front of a fleet that throws whatever it is told to, for errors that no real one throws. */
export class BrokenFleet implements AsyncDisposable {
  readonly #listener: Listener;

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Get, List, Watch, Logs, and calls into servers fail with this. */
  static async open(
    failure: unknown = new TypeError("x is not a function"),
    { fastPath = true, authorize = allowAll, openCall = openAnyCall }: BrokenFleetOptions = {},
  ): Promise<BrokenFleet> {
    const fail = () => {
      throw failure;
    };
    const budget = new TransferBudget({ maxBytes: 1_048_576, log: silentLog, elapsedMs: () => 0 });
    const options = {
      budget,
      openCall,
      authorize,
      fastPath,
      fleet: { get: fail, list: fail, log: fail, changed: fail, call: fail } as unknown as Fleet,
      runtime: { kind: "docker" },
      info: { maxRequestBytes: 65_536, maxLineBytes: 65_536, maxCallTimeoutMs: 60_000 },
      heartbeatMs: 1000,
      now: () => 0,
      elapsedMs: () => 0,
      shutdown: new AbortController().signal,
      log: silentLog,
    } as unknown as RouterOptions;
    const rest = restHandler({ calls: localCalls(options), maxRequestBytes: 65_536, budget });
    const { mount, streams } = rpcRoutes(options, { refuse: refuseRpc });
    const handler = firstOf([mount, rest]);
    return new BrokenFleet(await Listener.open({ host: "127.0.0.1", port: 0, handler, streams: streams[0] }));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  get ask(): Readonly<Record<Protocol, Ask>> {
    return askers(this.url);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#listener.close({ graceMs: 0 });
  }
}
