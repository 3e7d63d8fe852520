import type { ServiceImpl } from "@connectrpc/connect";
import type { ApplyRequest, ApplyResponse, ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { withHeartbeats } from "../../base/async/with-heartbeats.ts";
import type { Declaration } from "../../base/spec/declaration.ts";
import { applyRequestSchema } from "../../operations/requests/request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { applyEventToProto, applyFromProto } from "../convert/apply-to-proto.ts";
import type { ServiceOptions } from "./service-options.ts";
import { shuttingDown } from "./shutting-down.ts";

/** The RPC that makes the fleet what is declared. */
export function applyMethods(options: ServiceOptions) {
  return {
    apply: (request, { signal }) => apply(options, { request, signal }),
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

async function* apply(
  { fleet, now, heartbeatMs, shutdown }: ServiceOptions,
  { request, signal }: { request: ApplyRequest; signal: AbortSignal },
): AsyncGenerator<ApplyResponse> {
  const { set, servers, prune, takeOver, dryRun, expectedPlanDigest } = validate(
    applyRequestSchema,
    applyFromProto(request),
  );
  const declarations = Object.entries(servers).map(([name, { spec, update = "rolling" }]): [string, Declaration] => [
    name,
    { spec, start: "now", update },
  ]);
  const until = AbortSignal.any([signal, shutdown]);
  const events = fleet.apply(
    { set, servers: new Map(declarations), prune, takeOver },
    { dryRun, expectedDigest: expectedPlanDigest || undefined, signal: until },
  );
  try {
    for await (const event of withHeartbeats(events, { heartbeatMs, heartbeat: () => undefined })) {
      yield applyEventToProto(event, { timeMs: now() });
    }
  } catch (error) {
    if (shutdown.aborted) throw shuttingDown("apply again");
    throw error;
  }
}
