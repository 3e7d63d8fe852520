import { RestartPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { hostileSpec } from "../e2e/test-manager.ts";

export const specNames = ["once", "revived", "idle"] as const;
export type SpecName = (typeof specNames)[number];

const ms = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const revived = { policy: RestartPolicy.ON_FAILURE, initialBackoff: ms(20), maxBackoff: ms(50), maxRestarts: 0 };

/** What the servers of the model are: one that stays down, one that comes back, one that stops when nobody calls. */
export function modelSpec(name: SpecName) {
  const spec = hostileSpec();
  if (name === "revived") return { ...spec, restart: revived };
  return name === "idle" ? { ...spec, idleTimeout: ms(900) } : spec;
}
