import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallLimitsSchema,
  Era,
  type MountSchema,
  MountType,
  PullPolicy,
  RestartPolicy,
  type RestartSchema,
  type ServerSpecSchema,
} from "../../gen/mcpmanager/v1/server_pb.ts";
import { testImage } from "../runtime/docker/test-fleet.ts";
import type { Deliveries } from "./measure/deliveries.ts";

export type SpecInit = MessageInitShape<typeof ServerSpecSchema>;
/** Which tools a server has. */
export type Family = "hostile" | "modern" | "sdk" | "filesystem" | "memory" | "everything";

export interface SoakServer {
  readonly name: string;
  readonly family: Family;
  readonly spec: SpecInit;
  /** A resource that can be subscribed to. */
  readonly resource?: string | undefined;
}

interface Wish {
  readonly resource?: string;
  readonly restart: MessageInitShape<typeof RestartSchema>;
  readonly era?: Era;
  readonly replicas?: number;
  readonly idleTimeout?: { seconds: bigint; nanos: number };
  readonly callLimits?: MessageInitShape<typeof CallLimitsSchema>;
  readonly mounts?: readonly MessageInitShape<typeof MountSchema>[];
}

const mib = 1024n * 1024n;
const millis = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
const always = { policy: RestartPolicy.ALWAYS, maxRestarts: 0, initialBackoff: millis(100), maxBackoff: millis(2000) };
const onFailure = { ...always, policy: RestartPolicy.ON_FAILURE };
const threeTries = { ...onFailure, maxRestarts: 3 };
const never = { policy: RestartPolicy.NEVER };
/** A server that hangs or stops reading comes back within seconds. */
const health = { interval: millis(1000), timeout: millis(2000), failureThreshold: 2, killUnhealthy: true };

/** The fleet of a soak: every kind of server, every policy, twenty names and some more containers. */
export function soakServers({ fleet, tap }: { fleet: string; tap: Deliveries["spec"] }): SoakServer[] {
  const volume = { type: MountType.VOLUME, source: `${fleet}-data`, target: "/data", writable: true };
  const server = (name: string, image: string, args: readonly string[], { resource, ...wish }: Wish): SoakServer => ({
    name,
    resource,
    family: name.replace(/-.*/, "") as Family,
    spec: {
      limits: { memoryBytes: 256n * mib },
      health,
      // In time for the end: one that hung when its manager ended is killed by the next after so long.
      handshakeTimeout: millis(15_000),
      ...wish,
      image,
      args: [...args],
      pullPolicy: PullPolicy.NEVER,
      env: tap.env,
      mounts: [...tap.mounts, ...(wish.mounts ?? [])],
    },
  });
  const hostile = (name: string, args: readonly string[], wish: Wish) =>
    server(`hostile-${name}`, testImage, ["hostile.mjs", ...args], wish);
  const sdk = (name: string, args: readonly string[], wish: Wish) => server(`sdk-${name}`, testImage, args, wish);
  const resource = "mem://note";
  const note = "note://one";
  return [
    hostile("plain", ["--offers"], { restart: always, resource }),
    hostile("copies", ["--offers"], { restart: always, replicas: 3, resource }),
    hostile("narrow", [], { restart: onFailure, callLimits: { maxInFlight: 2, maxQueued: 4 } }),
    hostile("idle", ["--banner"], { restart: onFailure, idleTimeout: millis(1500) }),
    hostile("probe", ["--exit-on-probe"], { restart: threeTries }),
    hostile("once", ["--initialize-once"], { restart: always }),
    hostile("stubborn", ["--ignore-term", "--silent-on-probe"], { restart: always }),
    hostile("left", [], { restart: never }),
    server("modern-plain", testImage, ["modern.mjs", "--offers"], { restart: always, era: Era.MODERN, resource }),
    server("modern-copies", testImage, ["modern.mjs", "--offers"], { restart: onFailure, replicas: 2, resource }),
    server("modern-both", testImage, ["modern.mjs", "--takes-initialize"], { restart: onFailure }),
    sdk("v1", ["sdk-v1.mjs"], { restart: always }),
    sdk("v1-idle", ["sdk-v1.mjs"], { restart: onFailure, idleTimeout: millis(2500), replicas: 2 }),
    sdk("v2", ["sdk-v2.mjs"], { restart: always, resource: note }),
    sdk("v2-modern", ["sdk-v2.mjs", "--modern-only"], { restart: threeTries, resource: note }),
    server("filesystem-named", "mcp/filesystem:latest", [], { restart: always, mounts: [volume] }),
    server("filesystem-own", "mcp/filesystem:latest", ["/tmp"], { restart: onFailure }),
    // Its image asks for a volume: an anonymous one, which goes with the container.
    server("memory-own", "mcp/memory:latest", [], { restart: always }),
    server("everything-1", "mcp/everything:latest", [], { restart: always }),
    server("everything-2", "mcp/everything:latest", [], { restart: never }),
  ];
}
