import { MountType, RestartPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { hostileSpec } from "../e2e/test-manager.ts";

export const specNames = ["once", "revived", "idle", "keeping", "copies"] as const;
export type SpecName = (typeof specNames)[number];
/** What an apply may want of a server. The process of `bad` exits at once. */
export const wishNames = [...specNames, "bad"] as const;
export type WishName = (typeof wishNames)[number];

const ms = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const revived = { policy: RestartPolicy.ON_FAILURE, initialBackoff: ms(20), maxBackoff: ms(50), maxRestarts: 0 };
const mark = "--spec-";

/**
 * What the servers of the model are: one that stays down, one that comes back, one that stops when nobody calls, one
 * that writes to a volume, two copies.
 */
export function modelSpec(name: WishName, { fleet }: { fleet: string }) {
  const spec = hostileSpec(`${mark}${name}`, ...(name === "bad" ? ["--exit", "3"] : []));
  const mounts = [{ type: MountType.VOLUME, source: `${fleet}-data`, target: "/data", writable: true }];
  const more = {
    once: {},
    revived: { restart: revived },
    idle: { idleTimeout: ms(900) },
    keeping: { mounts },
    copies: { replicas: 2 },
    bad: {},
  };
  return { ...spec, ...more[name] };
}

/** Which of them a spec is. */
export function specNameOf(args: readonly string[]): string | undefined {
  return args.find((arg) => arg.startsWith(mark))?.slice(mark.length);
}
