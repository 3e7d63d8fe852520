import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type GetInfoResponse,
  GetInfoResponseSchema,
  GetResponseSchema,
  ListResponseSchema,
  type ManagerService,
  RestartResponseSchema,
  StartResponseSchema,
  StopResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ServerSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import { pageByKey } from "../../operations/requests/page.ts";
import {
  getRequestSchema,
  listRequestSchema,
  startRequestSchema,
  stopRequestSchema,
} from "../../operations/requests/request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import type { Runtime, RuntimeCallOptions } from "../../runtime/runtime.ts";
import { serverToProto } from "../convert/server-to-proto.ts";
import { type ServersFileInit, serversFileToProto } from "../convert/servers-file-to-proto.ts";
import { specFromProto } from "../convert/spec-from-proto.ts";
import { boundedPage } from "../convert/values/bounded-page.ts";
import { durationMs, toDuration } from "../convert/values/time.ts";
import type { ManagerInfo, ServiceOptions } from "./service-options.ts";

/**
 * The features that GetInfo names: fields whose effect a caller depends on, and which an older manager would ignore in
 * a binary request without saying so. Words are never removed; the comment of the field in the proto lists them all.
 */
export const features = ["idempotency_key", "validate_arguments"] as const;

const defaultGraceMs = 10_000;
const defaultServersPerPage = 100;

/** The RPCs about servers. */
export function fleetMethods(options: ServiceOptions) {
  const { fleet, runtime, info, serversFile } = options;
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
      const { pageSize, pageToken } = validate(listRequestSchema, {
        pageSize: request.pageSize,
        pageToken: request.pageToken,
      });
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
      const about = await aboutRuntime(runtime, { signal });
      return infoToProto(info, { ...about, ...serversFileToProto(serversFile()) });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

type AboutRuntime = Pick<GetInfoResponse, "runtime" | "engineVersion" | "unenforced" | "serversEndWithManager">;

async function aboutRuntime(runtime: Runtime, options: RuntimeCallOptions): Promise<AboutRuntime> {
  const engineVersion = await runtime.version(options);
  const unenforced = [...(await runtime.unenforced(options))];
  // The engine was asked now, so this is about it.
  const { adoption, detaching } = runtime.capabilities;
  return { runtime: runtime.kind, engineVersion, unenforced, serversEndWithManager: !(adoption && detaching) };
}

function infoToProto(info: ManagerInfo, running: AboutRuntime & ServersFileInit): GetInfoResponse {
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
    features: [...features],
  });
}
