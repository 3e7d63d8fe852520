import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Era,
  type Instance,
  InstanceSchema,
  InstanceState,
  type McpInfo as McpInfoMessage,
  McpInfoSchema,
  MountType,
  PullPolicy,
  RestartPolicy,
  type Server,
  type ServerError,
  ServerErrorSchema,
  ServerSchema,
  ServerSpecSchema,
  ServerState,
  type ServerSpec as SpecMessage,
} from "../../../gen/mcpmanager/v1/server_pb.ts";
import type { ServerFailure } from "../../fleet/server-failure.ts";
import type { ServerSnapshot } from "../../fleet/server-snapshot.ts";
import type { ServerState as DomainState } from "../../fleet/server-state.ts";
import type { McpInfo } from "../../mcp/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { MountSpec, ServerSpec } from "../../spec.ts";
import { truncateUtf8 } from "../../truncate.ts";
import { codeOf } from "../error-code.ts";
import { toDuration, toTimestamp } from "./time.ts";

/** A server as its message. */
export function serverToProto(server: ServerSnapshot, runtime: string): Server {
  const { instance, failure, mcp } = server;
  return create(ServerSchema, {
    name: server.name,
    spec: specToProto(server.spec),
    state: states[server.state],
    runtime,
    restartCount: BigInt(server.restartCount),
    callsInFlight: BigInt(server.callsInFlight),
    callsQueued: BigInt(server.callsQueued),
    strayLines: BigInt(server.strayLines),
    ...(instance === undefined ? {} : { createTime: toTimestamp(instance.createTimeMs) }),
    ...(failure === undefined ? {} : { lastError: failureToProto(failure) }),
    ...(mcp === undefined ? {} : { mcp: mcpToProto(mcp) }),
    instances: instance === undefined ? [] : [instanceToProto(instance)],
  });
}

export const states = {
  pulling: ServerState.PULLING,
  creating: ServerState.CREATING,
  handshaking: ServerState.HANDSHAKING,
  ready: ServerState.READY,
  draining: ServerState.DRAINING,
  failed: ServerState.FAILED,
  stopped: ServerState.STOPPED,
} satisfies Record<DomainState["kind"], ServerState>;

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
const instanceStates = {
  created: InstanceState.CREATED,
  running: InstanceState.RUNNING,
  paused: InstanceState.RUNNING,
  exited: InstanceState.EXITED,
} satisfies Record<InstanceRecord["state"], InstanceState>;

/** The spec as the user gave it, env values blank. */
function specToProto(spec: ServerSpec): SpecMessage {
  const init: MessageInitShape<typeof ServerSpecSchema> = {
    image: spec.image,
    command: [...(spec.command ?? [])],
    args: [...(spec.args ?? [])],
    env: Object.fromEntries(Object.keys(spec.env ?? {}).map((name) => [name, ""])),
    mounts: (spec.mounts ?? []).map((mount) => ({ ...mount, type: mountTypes[mount.type] })),
    workingDir: spec.workingDir ?? "",
    user: spec.user ?? "",
    capAdd: [...(spec.capAdd ?? [])],
    labels: { ...spec.labels },
  };
  if (spec.limits !== undefined) init.limits = limitsToProto(spec.limits);
  if (spec.network !== undefined) init.network = { kind: { case: spec.network, value: {} } };
  if (spec.readOnlyRoot !== undefined) init.readOnlyRoot = spec.readOnlyRoot;
  if (spec.era !== undefined) init.era = eras[spec.era];
  if (spec.pullPolicy !== undefined) init.pullPolicy = pullPolicies[spec.pullPolicy];
  if (spec.restart?.policy !== undefined) init.restart = { policy: RestartPolicy.NEVER };
  if (spec.handshakeTimeoutMs !== undefined) init.handshakeTimeout = toDuration(spec.handshakeTimeoutMs);
  if (spec.callTimeoutMs !== undefined) init.callTimeout = toDuration(spec.callTimeoutMs);
  return create(ServerSpecSchema, init);
}

function limitsToProto(limits: NonNullable<ServerSpec["limits"]>) {
  return {
    ...(limits.cpus === undefined ? {} : { cpus: limits.cpus }),
    ...(limits.memoryBytes === undefined ? {} : { memoryBytes: BigInt(limits.memoryBytes) }),
    ...(limits.pids === undefined ? {} : { pids: BigInt(limits.pids) }),
  };
}

function failureToProto({ error, timeMs }: ServerFailure): ServerError {
  const { reason, exitCode, oomKilled, stderrTail } = error.details;
  return create(ServerErrorSchema, {
    code: codeOf[error.kind],
    reason,
    message: truncateUtf8(error.message, { maxBytes: 1024, keep: "start" }),
    oomKilled: oomKilled ?? false,
    stderrTail: truncateUtf8(stderrTail ?? "", { maxBytes: 2048, keep: "end" }),
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

function instanceToProto(record: InstanceRecord): Instance {
  const { exit } = record;
  return create(InstanceSchema, {
    id: record.instance,
    containerId: record.id,
    imageId: record.imageId,
    imageDigest: record.imageDigest,
    state: instanceStates[record.state],
    oomKilled: exit?.oomKilled ?? false,
    ...(record.startTimeMs === undefined ? {} : { startTime: toTimestamp(record.startTimeMs) }),
    ...(exit?.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
  });
}
