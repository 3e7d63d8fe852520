import { PlanAction, UpdateMode } from "../../gen/mcpmanager/v1/manager_pb.ts";
import {
  adopted,
  brought,
  type ModelServer,
  type Next,
  replaced,
  restarted,
  type ServerName,
  unchanged,
} from "./fleet-model.ts";
import type { WishName } from "./model-specs.ts";

export interface ModelApply {
  readonly set: string;
  /** What is declared; undefined: nothing of this name. */
  readonly wishes: Readonly<Record<ServerName, WishName | undefined>>;
  readonly prune: boolean;
  readonly takeOver: boolean;
}

/** What an apply does with one server, and what comes of it. */
export interface ModelStep {
  readonly action: PlanAction;
  /** Of a replacement. */
  readonly update: UpdateMode;
  /** Whether that works. */
  readonly works: boolean;
  readonly next: Next;
}

/** Undefined: the server is not in the plan. */
export function stepOf(
  server: ModelServer,
  { wish, set, prune, takeOver }: Omit<ModelApply, "wishes"> & { wish: WishName | undefined },
): ModelStep | undefined {
  const origin = server.kind === "absent" ? undefined : server.origin;
  if (wish === undefined) {
    return prune && origin === set ? step(PlanAction.REMOVE, { next: { kind: "absent" } }) : undefined;
  }
  if (server.kind === "absent") {
    if (wish === "bad") return step(PlanAction.CREATE, { works: false, next: { kind: "absent" } });
    return step(PlanAction.CREATE, { next: { ...replaced, made: { spec: wish, origin: set } } });
  }
  if (server.origin !== set && !takeOver) return step(PlanAction.REFUSE, { works: false });
  if (server.origin === set && server.spec === wish)
    return server.kind === "failed" ? start(server) : step(PlanAction.KEEP);
  const update = [server.spec, wish].includes("keeping") ? UpdateMode.RECREATE : UpdateMode.ROLLING;
  if (wish !== "bad") {
    return step(PlanAction.REPLACE, { update, next: { ...replaced, made: { spec: wish, origin: set } } });
  }
  const next = update === UpdateMode.RECREATE && server.kind === "up" ? restarted : unchanged;
  return step(PlanAction.REPLACE, { update, works: false, next });
}

/** It is as it shall be, but down. */
function start(server: ModelServer): ModelStep {
  const { outcome, next } = brought(server);
  return step(PlanAction.CREATE, { works: outcome === "ok", next });
}

function step(action: PlanAction, more: Partial<ModelStep> = {}): ModelStep {
  return { action, update: UpdateMode.UNSPECIFIED, works: action !== PlanAction.REFUSE, next: unchanged, ...more };
}

/** What a server may be when the manager ended in the middle of this step: wholly old, or wholly new. */
export function interrupted(server: ModelServer, { action, update, works, next }: ModelStep): readonly Next[] {
  const old = adopted(server);
  if (action === PlanAction.KEEP || action === PlanAction.REFUSE) return [old];
  const back: Next[] = update === UpdateMode.RECREATE && containerOf(server) !== undefined ? [restarted] : [];
  return works ? [old, ...back, next] : [old, ...back];
}

function containerOf(server: ModelServer): string | undefined {
  return server.kind === "absent" ? undefined : server.container;
}
