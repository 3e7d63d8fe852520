import {
  type CallLimits,
  EraSchema,
  type HealthCheck,
  type Limits,
  type Mount,
  MountTypeSchema,
  type Network,
  PullPolicySchema,
  type Restart,
  RestartPolicySchema,
  type ServerSpec as SpecMessage,
} from "../../../gen/mcpmanager/v1/server_pb.ts";
import type {
  CallLimitsSpec,
  HealthSpec,
  LimitsSpec,
  MountSpec,
  RestartSpec,
  ServerSpec,
} from "../../base/spec/spec.ts";
import { enumName } from "./values/enum-name.ts";
import { durationMs } from "./values/time.ts";

/** What a field becomes. A forgotten field does not compile. */
type Fields<T> = Record<keyof T, unknown>;

/** Values of any kind, which the schema looks at. */
type Unchecked<T> = Partial<Fields<T>>;

/**
 * A spec message as a plain object in the domain's spelling, not yet checked. What is unset is absent, so that equal
 * wishes are equal objects.
 */
export function specFromProto(spec: SpecMessage): Unchecked<ServerSpec> {
  return present<ServerSpec>({
    image: spec.image,
    command: nonEmpty(spec.command),
    args: nonEmpty(spec.args),
    env: nonEmptyMap(spec.env),
    mounts: nonEmpty(spec.mounts.map(mountFromProto)),
    limits: spec.limits === undefined ? undefined : limitsFromProto(spec.limits),
    network: spec.network === undefined ? undefined : networkFromProto(spec.network),
    workingDir: spec.workingDir || undefined,
    user: spec.user || undefined,
    readOnlyRoot: spec.readOnlyRoot,
    capAdd: nonEmpty(spec.capAdd),
    era: enumName(EraSchema, spec.era),
    pullPolicy: enumName(PullPolicySchema, spec.pullPolicy),
    restart: spec.restart === undefined ? undefined : restartFromProto(spec.restart),
    handshakeTimeoutMs: durationMs(spec.handshakeTimeout),
    callTimeoutMs: durationMs(spec.callTimeout),
    labels: nonEmptyMap(spec.labels),
    health: spec.health === undefined ? undefined : healthFromProto(spec.health),
    idleTimeoutMs: durationMs(spec.idleTimeout),
    replicas: spec.replicas,
    callLimits: spec.callLimits === undefined ? undefined : callLimitsFromProto(spec.callLimits),
    init: spec.init,
    secrets: nonEmptyMap(spec.secrets),
    secretFiles: nonEmptyMap(spec.secretFiles),
  });
}

function mountFromProto(mount: Mount): Unchecked<MountSpec> {
  return present<MountSpec>({
    type: enumName(MountTypeSchema, mount.type),
    source: mount.source || undefined,
    target: mount.target,
    writable: mount.writable || undefined,
    uid: mount.uid,
    mode: mount.mode || undefined,
    sizeBytes: mount.sizeBytes === undefined ? undefined : Number(mount.sizeBytes),
  });
}

function limitsFromProto(limits: Limits): Unchecked<LimitsSpec> | undefined {
  const { cpus, memoryBytes, pids } = limits;
  return nonEmptyObject<LimitsSpec>({
    cpus,
    memoryBytes: memoryBytes === undefined ? undefined : Number(memoryBytes),
    pids: pids === undefined ? undefined : Number(pids),
  });
}

function restartFromProto(restart: Restart): Unchecked<RestartSpec> | undefined {
  return nonEmptyObject<RestartSpec>({
    policy: enumName(RestartPolicySchema, restart.policy),
    maxRestarts: restart.maxRestarts,
    initialBackoffMs: durationMs(restart.initialBackoff),
    maxBackoffMs: durationMs(restart.maxBackoff),
  });
}

function healthFromProto(health: HealthCheck): Unchecked<HealthSpec> | undefined {
  return nonEmptyObject<HealthSpec>({
    intervalMs: durationMs(health.interval),
    timeoutMs: durationMs(health.timeout),
    failureThreshold: health.failureThreshold,
    killUnhealthy: health.killUnhealthy || undefined,
  });
}

function callLimitsFromProto({ maxInFlight, maxQueued }: CallLimits): Unchecked<CallLimitsSpec> | undefined {
  return nonEmptyObject<CallLimitsSpec>({ maxInFlight, maxQueued });
}

/** A network without a kind is a mistake, which the schema names. */
function networkFromProto(network: Network): string {
  return network.kind.case ?? "unset";
}

function present<T>(fields: Fields<T>): Unchecked<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Unchecked<T>;
}

function nonEmptyObject<T>(fields: Fields<T>): Unchecked<T> | undefined {
  const given = present<T>(fields);
  return Object.keys(given).length === 0 ? undefined : given;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function nonEmptyMap(map: Record<string, string>): Record<string, string> | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}
