import type Docker from "dockerode";
import type { EngineProxy } from "../runtime/docker/engine-proxy.ts";
import type { Gate } from "./actors/gate.ts";
import type { Ledger } from "./ledger.ts";
import type { ManagerLives } from "./manager-lives.ts";
import type { SoakServer } from "./servers.ts";

/** What all that takes part in a soak works on. */
export interface Stage {
  readonly fleet: string;
  /** The engine, past the proxy. */
  readonly docker: Docker;
  /** Between the manager and the engine. */
  readonly proxy: EngineProxy;
  readonly lives: ManagerLives;
  readonly servers: readonly SoakServer[];
  readonly ledger: Ledger;
  readonly gate: Gate;
  /** No new call and no new fault from then on. */
  readonly over: AbortSignal;
}
