import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Era,
  type HealthCheckSchema,
  type HealthSchema,
  type Instance,
  InstanceSchema,
  InstanceState,
  type McpInfo as McpInfoMessage,
  McpInfoSchema,
  type MountSchema,
  MountType,
  PullPolicy,
  RestartPolicy,
  type RestartSchema,
  type Server,
  type ServerError,
  ServerErrorSchema,
  ServerSchema,
  ServerSpecSchema,
  ServerState,
  type ServerSpec as SpecMessage,
} from "../../../gen/mcpmanager/v1/server_pb.ts";
import type { HealthSpec, MountSpec, RestartSpec, ServerSpec } from "../../base/spec/spec.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import type { ServerFailure } from "../../fleet/state/server-failure.ts";
import type { HealthSnapshot, InstanceSnapshot, ServerSnapshot } from "../../fleet/state/server-snapshot.ts";
import type { StateKind } from "../../fleet/state/state-kind.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { codeOf } from "../errors/error-code.ts";
import { boundedOutput } from "../errors/output-excerpt.ts";
import { toDuration, toTimestamp } from "./values/time.ts";

/** A server as its message. */
export function serverToProto(server: ServerSnapshot, runtime: string): Server {
  const { instances, failure, mcp } = server;
  const [first] = instances;
  return create(ServerSchema, {
    name: server.name,
    spec: specToProto(server.spec),
    state: states[server.state],
    runtime,
    origin: server.origin ?? "",
    restartCount: BigInt(server.restartCount),
    callsInFlight: BigInt(server.callsInFlight),
    callsQueued: BigInt(server.callsQueued),
    strayLines: BigInt(server.strayLines),
    lateReplies: BigInt(server.lateReplies),
    oomKills: BigInt(server.oomKills),
    ...(first === undefined ? {} : { createTime: toTimestamp(first.record.createTimeMs) }),
    ...(failure === undefined ? {} : { lastError: failureToProto(failure) }),
    ...(mcp === undefined ? {} : { mcp: mcpToProto(mcp) }),
    instances: instances.map(instanceToProto),
  });
}

export const states = {
  pulling: ServerState.PULLING,
  creating: ServerState.CREATING,
  handshaking: ServerState.HANDSHAKING,
  ready: ServerState.READY,
  backing_off: ServerState.BACKING_OFF,
  idle: ServerState.IDLE,
  draining: ServerState.DRAINING,
  failed: ServerState.FAILED,
  stopped: ServerState.STOPPED,
} satisfies Record<StateKind, ServerState>;

const eras = { legacy: Era.LEGACY, modern: Era.MODERN } satisfies Record<McpInfo["era"], Era>;
const mountTypes = {
  bind: MountType.BIND,
  volume: MountType.VOLUME,
  tmpfs: MountType.TMPFS,
} satisfies Record<MountSpec["type"], MountType>;
const pullPolicies = {
  if_missing: PullPolicy.IF_MISSING,
  never: PullPolicy.NEVER,
  always: PullPolicy.ALWAYS,
} satisfies Record<NonNullable<ServerSpec["pullPolicy"]>, PullPolicy>;
const restartPolicies = {
  never: RestartPolicy.NEVER,
  on_failure: RestartPolicy.ON_FAILURE,
  always: RestartPolicy.ALWAYS,
} satisfies Record<NonNullable<RestartSpec["policy"]>, RestartPolicy>;
const instanceStates = {
  created: InstanceState.CREATED,
  running: InstanceState.RUNNING,
  paused: InstanceState.PAUSED,
  exited: InstanceState.EXITED,
} satisfies Record<InstanceRecord["state"], InstanceState>;

type WholeSpec = Required<ServerSpec>;
type SpecInit = MessageInitShape<typeof ServerSpecSchema>;

/** How each field that is set is shown. A forgotten field does not compile: it would never be shown. */
const specFields: { readonly [Field in keyof WholeSpec]: (value: WholeSpec[Field]) => SpecInit } = {
  image: (image) => ({ image }),
  command: (command) => ({ command: [...command] }),
  args: (args) => ({ args: [...args] }),
  env: (env) => ({ env: Object.fromEntries(Object.keys(env).map((name) => [name, ""])) }),
  mounts: (mounts) => ({ mounts: mounts.map(mountToProto) }),
  limits: (limits) => ({ limits: limitsToProto(limits) }),
  network: (kind) => ({ network: { kind: { case: kind, value: {} } } }),
  workingDir: (workingDir) => ({ workingDir }),
  user: (user) => ({ user }),
  readOnlyRoot: (readOnlyRoot) => ({ readOnlyRoot }),
  capAdd: (capAdd) => ({ capAdd: [...capAdd] }),
  era: (era) => ({ era: eras[era] }),
  pullPolicy: (policy) => ({ pullPolicy: pullPolicies[policy] }),
  restart: (restart) => ({ restart: restartToProto(restart) }),
  handshakeTimeoutMs: (ms) => ({ handshakeTimeout: toDuration(ms) }),
  callTimeoutMs: (ms) => ({ callTimeout: toDuration(ms) }),
  labels: (labels) => ({ labels: { ...labels } }),
  health: (health) => ({ health: healthSpecToProto(health) }),
  idleTimeoutMs: (ms) => ({ idleTimeout: toDuration(ms) }),
  replicas: (replicas) => ({ replicas }),
  callLimits: (callLimits) => ({ callLimits: { ...callLimits } }),
  init: (init) => ({ init }),
  secrets: (secrets) => ({ secrets: { ...secrets } }),
  secretFiles: (secretFiles) => ({ secretFiles: { ...secretFiles } }),
};

/** The spec as the user gave it, env values blank. */
function specToProto(spec: ServerSpec): SpecMessage {
  const init: SpecInit = {};
  for (const field of Object.keys(specFields) as (keyof WholeSpec)[]) Object.assign(init, shown(spec, field));
  return create(ServerSpecSchema, init);
}

function shown<Field extends keyof WholeSpec>(spec: ServerSpec, field: Field): SpecInit | undefined {
  return spec[field] === undefined ? undefined : specFields[field]((spec as WholeSpec)[field]);
}

function mountToProto({ type, sizeBytes, ...mount }: MountSpec): MessageInitShape<typeof MountSchema> {
  const size = sizeBytes === undefined ? {} : { sizeBytes: BigInt(sizeBytes) };
  return { ...mount, type: mountTypes[type], ...size };
}

function restartToProto(restart: RestartSpec): MessageInitShape<typeof RestartSchema> {
  const { policy, maxRestarts, initialBackoffMs, maxBackoffMs } = restart;
  return {
    ...(policy === undefined ? {} : { policy: restartPolicies[policy] }),
    ...(maxRestarts === undefined ? {} : { maxRestarts }),
    ...(initialBackoffMs === undefined ? {} : { initialBackoff: toDuration(initialBackoffMs) }),
    ...(maxBackoffMs === undefined ? {} : { maxBackoff: toDuration(maxBackoffMs) }),
  };
}

function healthSpecToProto(health: HealthSpec): MessageInitShape<typeof HealthCheckSchema> {
  const { intervalMs, timeoutMs, failureThreshold, killUnhealthy } = health;
  return {
    ...(intervalMs === undefined ? {} : { interval: toDuration(intervalMs) }),
    ...(timeoutMs === undefined ? {} : { timeout: toDuration(timeoutMs) }),
    ...(failureThreshold === undefined ? {} : { failureThreshold }),
    ...(killUnhealthy === undefined ? {} : { killUnhealthy }),
  };
}

function limitsToProto(limits: NonNullable<ServerSpec["limits"]>) {
  return {
    ...(limits.cpus === undefined ? {} : { cpus: limits.cpus }),
    ...(limits.memoryBytes === undefined ? {} : { memoryBytes: BigInt(limits.memoryBytes) }),
    ...(limits.pids === undefined ? {} : { pids: BigInt(limits.pids) }),
  };
}

/** Why a server failed, or a change of it. */
export function failureToProto({ kind, message, details, timeMs }: ServerFailure): ServerError {
  const { reason, exitCode, oomKilled } = details;
  return create(ServerErrorSchema, {
    code: codeOf[kind],
    reason,
    message: truncateUtf8(message, { maxBytes: 1024, keep: "start" }),
    oomKilled: oomKilled ?? false,
    ...boundedOutput(details),
    time: toTimestamp(timeMs),
    ...(exitCode === undefined ? {} : { exitCode }),
  });
}

function mcpToProto(mcp: McpInfo): McpInfoMessage {
  return create(McpInfoSchema, {
    era: eras[mcp.era],
    protocolVersion: mcp.protocolVersion,
    serverName: mcp.serverName.toWellFormed(),
    serverVersion: mcp.serverVersion.toWellFormed(),
    instructions: mcp.instructions.toWellFormed(),
    capabilitiesJson: mcp.capabilitiesJson,
  });
}

function instanceToProto({ record, state, callsInFlight, health }: InstanceSnapshot): Instance {
  const { exit } = record;
  return create(InstanceSchema, {
    id: record.instance,
    containerId: record.id,
    imageId: record.imageId,
    imageDigest: record.imageDigest,
    state: instanceStates[record.state],
    oomKilled: exit?.oomKilled ?? false,
    serverState: states[state],
    callsInFlight: BigInt(callsInFlight),
    ...(health === undefined ? {} : { health: healthToProto(health) }),
    ...(record.startTimeMs === undefined ? {} : { startTime: toTimestamp(record.startTimeMs) }),
    ...(exit?.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
  });
}

function healthToProto({ healthy, failures, repliedMs }: HealthSnapshot): MessageInitShape<typeof HealthSchema> {
  return {
    healthy,
    failures,
    ...(repliedMs === undefined ? {} : { answerTime: toTimestamp(repliedMs) }),
  };
}
