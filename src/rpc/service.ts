import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type GetInfoResponse,
  GetInfoResponseSchema,
  GetResponseSchema,
  ListResponseSchema,
  ListToolsResponseSchema,
  LogSourceSchema,
  type LogsRequest,
  type LogsResponse,
  type ManagerService,
  RestartResponseSchema,
  StartResponseSchema,
  StopResponseSchema,
  type WatchResponse,
} from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ServerSchema } from "../../gen/mcpmanager/v1/server_pb.ts";
import { ToolSchema } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { ManagerError } from "../errors.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { pageByKey, pageByPosition } from "../fleet/page.ts";
import { readLog } from "../fleet/read-log.ts";
import {
  getRequestSchema,
  listRequestSchema,
  listToolsRequestSchema,
  logsRequestSchema,
  startRequestSchema,
  stopRequestSchema,
} from "../fleet/request-schema.ts";
import { watchFleet } from "../fleet/watch-fleet.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { validate } from "../validate.ts";
import { boundedPage } from "./bounded-page.ts";
import { callerOf } from "./caller-header.ts";
import { callFromProto, charsOf } from "./convert/call-from-proto.ts";
import { enumName } from "./convert/enum-name.ts";
import { readingToProto } from "./convert/log-to-proto.ts";
import { resultToProto } from "./convert/result-to-proto.ts";
import { serverToProto } from "./convert/server-to-proto.ts";
import { specFromProto } from "./convert/spec-from-proto.ts";
import { durationMs, timestampMs, toDuration } from "./convert/time.ts";
import { fleetReadingToProto } from "./convert/watch-to-proto.ts";

export interface ServiceOptions {
  readonly fleet: Fleet;
  readonly runtime: Runtime;
  readonly info: ManagerInfo;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since any moment; steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
  /** Pause between heartbeats of an idle Logs stream. */
  readonly heartbeatMs: number;
  /** Aborts when the manager shuts down: streams end UNAVAILABLE. */
  readonly shutdown: AbortSignal;
}

/** What GetInfo tells, besides the engine's version. */
export interface ManagerInfo {
  readonly version: string;
  readonly fleet: string;
  readonly maxCpus: number;
  readonly maxMemoryBytes: number;
  readonly maxPids: number;
  readonly maxRequestBytes: number;
  readonly maxLineBytes: number;
  readonly defaultCallTimeoutMs: number;
  readonly maxCallTimeoutMs: number;
  readonly logRingBytes: number;
}

const defaultGraceMs = 10_000;
const defaultServersPerPage = 100;
const defaultToolsPerPage = 1000;

/** The RPCs that call into a server: the manager's maximum deadline applies to them. */
export const callsIntoServer: ReadonlySet<string> = new Set(["CallTool", "ListTools"]);

/** The methods of ManagerService: check, convert, hand on to the fleet, convert back. They throw ManagerError. */
export function managerService(options: ServiceOptions): ServiceImpl<typeof ManagerService> {
  return { ...fleetMethods(options), ...callMethods(options) };
}

/** The RPCs about servers. */
function fleetMethods(options: ServiceOptions) {
  const { fleet, runtime, info } = options;
  const toServer = (server: ReturnType<Fleet["get"]>) => serverToProto(server, runtime.kind);
  return {
    async start(request, { signal }) {
      const given = request.spec === undefined ? {} : { spec: specFromProto(request.spec) };
      const { name, spec } = validate(startRequestSchema, { name: request.name, ...given });
      return create(StartResponseSchema, { server: toServer(await fleet.start(name, { spec, signal })) });
    },

    async stop(request, { signal }) {
      const gracePeriodMs = durationMs(request.gracePeriod);
      const { name } = validate(stopRequestSchema, { name: request.name, gracePeriodMs });
      const found = await fleet.stop(name, { graceMs: gracePeriodMs ?? defaultGraceMs, signal });
      return create(StopResponseSchema, { found });
    },

    async restart(request, { signal }) {
      const gracePeriodMs = durationMs(request.gracePeriod);
      const { name } = validate(stopRequestSchema, { name: request.name, gracePeriodMs });
      const server = await fleet.restart(name, { graceMs: gracePeriodMs ?? defaultGraceMs, signal });
      return create(RestartResponseSchema, { server: toServer(server) });
    },

    list(request) {
      const { pageSize, pageToken } = validate(listRequestSchema, pageOf(request));
      const all = fleet.list();
      const page = { pageToken, defaultSize: defaultServersPerPage, key: ({ name }: { name: string }) => name };
      const { items, nextPageToken } = boundedPage({
        pageSize,
        page: (size) => pageByKey(all, { ...page, pageSize: size }),
        schema: ServerSchema,
        convert: toServer,
      });
      return create(ListResponseSchema, { servers: items, nextPageToken });
    },

    get(request) {
      const { name } = validate(getRequestSchema, { name: request.name });
      return create(GetResponseSchema, { server: toServer(fleet.get(name)) });
    },

    async getInfo(_request, { signal }) {
      return infoToProto(info, { runtime: runtime.kind, engineVersion: await runtime.version({ signal }) });
    },

    async *logs(request, { signal }) {
      yield* logs(options, { request, signal });
    },

    async *watch(_request, { signal }) {
      yield* watch(options, signal);
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

/** The RPCs into a server. */
function callMethods({ fleet }: ServiceOptions) {
  return {
    async listTools(request, context) {
      const { server, pageSize, pageToken } = validate(listToolsRequestSchema, {
        server: request.server,
        ...pageOf(request),
      });
      const tools = await fleet.call(server, {
        ...waitOf(context),
        work: ({ session }, signal) => session.listTools({ signal }),
      });
      const { items, nextPageToken } = boundedPage({
        pageSize,
        page: (size) => pageByPosition(tools, { pageToken, pageSize: size, defaultSize: defaultToolsPerPage }),
        schema: ToolSchema,
        convert: (tool) => create(ToolSchema, tool),
      });
      return create(ListToolsResponseSchema, { tools: items, nextPageToken });
    },

    async callTool(request, context) {
      const { server, resultFormat, ...call } = callFromProto(request);
      return fleet.call(server, {
        ...waitOf(context),
        chars: charsOf(call),
        work: async ({ session, instance }, signal) => {
          const result = resultToProto(await session.callTool(call, { signal }), resultFormat);
          result.instanceId = instance;
          return result;
        },
      });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

function pageOf({ pageSize, pageToken }: { pageSize: number; pageToken: string }) {
  return { pageSize, pageToken };
}

function waitOf({ signal, timeoutMs, requestHeader }: HandlerContext) {
  return { signal, callerHasDeadline: timeoutMs() !== undefined, caller: callerOf(requestHeader) };
}

async function* logs(
  { fleet, now, elapsedMs, heartbeatMs, shutdown }: ServiceOptions,
  { request, signal }: { request: LogsRequest; signal: AbortSignal },
): AsyncGenerator<LogsResponse> {
  const { server, ...query } = validate(logsRequestSchema, {
    server: request.server,
    follow: request.follow,
    tail: request.tail,
    sinceMs: timestampMs(request.since),
    sources: request.sources.map((source) => enumName(LogSourceSchema, source) ?? "unspecified"),
    cursor: request.cursor,
  });
  const until = AbortSignal.any([signal, shutdown]);
  const options = { signal: until, heartbeatMs, now, elapsedMs };
  for await (const reading of readLog(fleet.log(server), query, options)) {
    yield readingToProto(reading);
  }
  if (shutdown.aborted) throw shuttingDown("follow again with the last cursor");
  signal.throwIfAborted();
}

async function* watch(
  { fleet, runtime, now, heartbeatMs, shutdown }: ServiceOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchResponse> {
  const until = AbortSignal.any([signal, shutdown]);
  for await (const reading of watchFleet(fleet, { signal: until, heartbeatMs })) {
    yield* fleetReadingToProto(reading, { runtime: runtime.kind, now });
  }
  if (shutdown.aborted) throw shuttingDown("watch again");
  signal.throwIfAborted();
}

function shuttingDown(advice: string): ManagerError {
  return new ManagerError("unavailable", `the manager is shutting down; ${advice}`, {
    details: { reason: "MANAGER_STOPPING", delivery: "not_sent", retryAfterMs: 1000 },
  });
}

function infoToProto(info: ManagerInfo, running: { runtime: string; engineVersion: string }): GetInfoResponse {
  const { version, fleet, maxCpus, maxPids, ...sizes } = info;
  return create(GetInfoResponseSchema, {
    version,
    fleet,
    ...running,
    limits: {
      maxCpus,
      maxMemoryBytes: BigInt(sizes.maxMemoryBytes),
      maxPids: BigInt(maxPids),
      maxRequestBytes: BigInt(sizes.maxRequestBytes),
      maxLineBytes: BigInt(sizes.maxLineBytes),
      defaultCallTimeout: toDuration(sizes.defaultCallTimeoutMs),
      maxCallTimeout: toDuration(sizes.maxCallTimeoutMs),
      logRingBytes: BigInt(sizes.logRingBytes),
    },
  });
}
