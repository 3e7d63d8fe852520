import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type ApplyRequest,
  type ApplyResponse,
  ApplyResponseSchema,
  PlanAction as PlanActionMessage,
  type PlanStepSchema,
  UpdateMode,
  UpdateModeSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { UpdateBy } from "../../base/spec/declaration.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import type { ApplyEvent } from "../../fleet/desired/applies.ts";
import type { PlanAction, PlanStep } from "../../fleet/desired/plan.ts";
import { failureOf } from "../../fleet/state/server-failure.ts";
import { failureToProto } from "./server-to-proto.ts";
import { specFromProto } from "./spec-from-proto.ts";
import { enumName } from "./values/enum-name.ts";
import { toTimestamp } from "./values/time.ts";

const actions = {
  create: PlanActionMessage.CREATE,
  replace: PlanActionMessage.REPLACE,
  remove: PlanActionMessage.REMOVE,
  keep: PlanActionMessage.KEEP,
  refuse: PlanActionMessage.REFUSE,
} satisfies Record<PlanAction, PlanActionMessage>;
const updates = { rolling: UpdateMode.ROLLING, recreate: UpdateMode.RECREATE } satisfies Record<UpdateBy, UpdateMode>;

const maxProgressBytes = 1024;

/** The request in the domain's spelling, not yet checked. */
export function applyFromProto(request: ApplyRequest) {
  const { set, prune, takeOver, dryRun, expectedPlanDigest } = request;
  const servers = Object.entries(request.servers).map(([name, { spec, update }]) => {
    const mode = enumName(UpdateModeSchema, update);
    return [name, { ...(spec === undefined ? {} : { spec: specFromProto(spec) }), ...(mode ? { update: mode } : {}) }];
  });
  return { set, prune, takeOver, dryRun, expectedPlanDigest, servers: Object.fromEntries(servers) };
}

/** One event of an apply; undefined: nothing happened for a while. */
export function applyEventToProto(
  event: ApplyEvent | undefined,
  { timeMs }: { readonly timeMs: number },
): ApplyResponse {
  return create(ApplyResponseSchema, { event: eventOf(event, timeMs), time: toTimestamp(timeMs) });
}

function eventOf(
  event: ApplyEvent | undefined,
  timeMs: number,
): NonNullable<MessageInitShape<typeof ApplyResponseSchema>["event"]> {
  if (event === undefined) return { case: "heartbeat", value: {} };
  switch (event.kind) {
    case "plan":
      return { case: "plan", value: { steps: event.steps.map(stepToProto), digest: event.digest } };
    case "progress": {
      const message = truncateUtf8(event.message.toWellFormed(), { maxBytes: maxProgressBytes, keep: "start" });
      return { case: "progress", value: { server: event.server, message } };
    }
    case "change": {
      const { server, action, error } = event;
      const failure = error === undefined ? {} : { error: failureToProto(failureOf(error, timeMs)) };
      return { case: "change", value: { server, action: actions[action], ...failure } };
    }
    case "done": {
      const { changed, kept, failed } = event;
      return { case: "done", value: { changed, kept, failed } };
    }
    default:
      return event satisfies never;
  }
}

function stepToProto({ server, action, fields, by, reason }: PlanStep): MessageInitShape<typeof PlanStepSchema> {
  const update = by === undefined ? {} : { update: updates[by] };
  return { server, action: actions[action], fields: [...fields], reason, ...update };
}
