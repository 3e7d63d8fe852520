import type { ServerSpec } from "../../base/spec/spec.ts";
import type { LogRing } from "../logs/log-ring.ts";
import type { FleetServices } from "./fleet-services.ts";

/** A server, as its instances know it. */
export interface ServerContext {
  readonly name: string;
  readonly ring: LogRing;
  /** Told of every change of an instance's state and of its health. */
  readonly onChange: () => void;
  /** Told of each step of a pull. */
  readonly onPull: (progress: string) => void;
}

/** What an instance works with. */
export interface InstanceContext {
  readonly services: FleetServices;
  readonly server: ServerContext;
  /** What this instance is made by; its server's own spec may be a newer one. */
  readonly spec: ServerSpec;
  /** The set that declared it. Absent: a Start made it. */
  readonly origin?: string | undefined;
  /** It is idle, without a container, until it is woken or started. Default: no. */
  readonly rests?: boolean;
  /** The instance's number in its server: 0 is the first. */
  readonly replica: number;
}
