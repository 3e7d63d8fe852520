import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/health/v1/health_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ManagerError } from "../base/errors/errors.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { ServerSnapshot } from "../fleet/state/server-snapshot.ts";
import { operations, serverOfHealth } from "../operations/operations.ts";
import type { ServiceOperations } from "./call/service-operations.ts";

/** What each RPC of health is. */
export const healthOperations = {
  check: operations.checkHealth,
  list: operations.listHealth,
  watch: operations.watchHealth,
} satisfies ServiceOperations<typeof Health>;

export interface HealthOptions {
  readonly fleet: Fleet;
  /** Aborts when the manager shuts down: from then on nothing is serving. */
  readonly shutdown: AbortSignal;
}

/**
 * grpc.health.v1: the manager as "" and as `mcpmanager.v1.ManagerService`, each server as `server/<name>`, which is
 * SERVING while one of its instances is ready and not paused, and while it is idle: a balancer that sends no calls to
 * an idle server would never wake it.
 */
export function healthService(options: HealthOptions): ServiceImpl<typeof Health> {
  return {
    check({ service }) {
      const status = servingStatusOf(service, options);
      if (status === Status.SERVICE_UNKNOWN) throw unknownService(service);
      return create(HealthCheckResponseSchema, { status });
    },

    list() {
      const names = ["", ManagerService.typeName, ...options.fleet.list().map(({ name }) => `server/${name}`)];
      const statuses = Object.fromEntries(names.map((name) => [name, { status: servingStatusOf(name, options) }]));
      return create(HealthListResponseSchema, { statuses });
    },

    watch({ service }, { signal }) {
      return watch(service, { ...options, signal });
    },
  };
}

/** The status now, and each change of it, until the caller leaves. */
async function* watch(
  service: string,
  options: HealthOptions & { signal: AbortSignal },
): AsyncGenerator<HealthCheckResponse> {
  const { fleet, shutdown, signal } = options;
  const until = AbortSignal.any([signal, shutdown]);
  let last: Status | undefined;
  for (;;) {
    const since = fleet.changes.count;
    const status = servingStatusOf(service, options);
    if (status !== last) yield create(HealthCheckResponseSchema, { status });
    last = status;
    if (until.aborted) return;
    await fleet.changes.wait({ since, signal: until });
  }
}

function servingStatusOf(service: string, { fleet, shutdown }: HealthOptions): Status {
  const server = serverOfHealth(service);
  const own = service === "" || service === ManagerService.typeName;
  const found = fleet.list().find(({ name }) => name === server);
  if (!own && found === undefined) return Status.SERVICE_UNKNOWN;
  return !shutdown.aborted && (own || (found !== undefined && takesCalls(found))) ? Status.SERVING : Status.NOT_SERVING;
}

/** No server has a longer name. */
const maxNameChars = 100;

function takesCalls({ state, instances }: ServerSnapshot): boolean {
  const runs = instances.some((one) => one.state === "ready" && one.record.state !== "paused");
  return state === "idle" || (state === "ready" && runs);
}

function unknownService(service: string): ManagerError {
  const message = `no service ${JSON.stringify(service.slice(0, maxNameChars))}: "" is the manager, server/<name> a server`;
  return new ManagerError("not_found", message, { details: { reason: "SERVER_NOT_FOUND", delivery: "not_sent" } });
}
