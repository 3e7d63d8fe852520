import type { Log } from "../../base/log/log.ts";
import type { ConnectionLimits } from "../../jsonrpc/connection-limits.ts";
import type { ClientInfo } from "../../mcp/protocol/mcp-info.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { KeptListings } from "../programs/kept-listings.ts";
import type { KnownPrograms } from "../programs/known-programs.ts";
import type { Secrets } from "../secrets/secrets.ts";
import type { ExitWatch } from "./exit-watch.ts";

export interface Clocks {
  /** Wall clock in milliseconds: for what is shown. */
  readonly now: () => number;
  /** Milliseconds since any moment: for what is measured. Steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
}

/** What a fleet is given to work with. */
export interface FleetDependencies {
  readonly runtime: Runtime;
  readonly log: Log;
  readonly clocks: Clocks;
  readonly newId: () => string;
  readonly clientInfo: ClientInfo;
  /** What the engine's machine has left for another process, in bytes. Absent: not known, as of an engine elsewhere. */
  readonly freeMemory?: (() => number) | undefined;
  /** Of the connection to each instance; as much may wait for a server that is not ready. */
  readonly limits: ConnectionLimits;
}

/** What all of a fleet works with. The fleet makes it once, each level holds it whole and has its own beside it. */
export interface FleetServices extends FleetDependencies {
  readonly secrets: Secrets;
  readonly programs: KnownPrograms;
  /** Absent: nothing outlives the manager. */
  readonly listings?: KeptListings | undefined;
  readonly exits: ExitWatch;
  /** Told when an instance is down because the engine does not answer. */
  readonly onEngineSilent: () => void;
}
