import type { Declaration, UpdateBy } from "../../base/spec/declaration.ts";
import { fieldPath } from "../../base/spec/field-path.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { writesOutside } from "../../base/spec/writes-outside.ts";
import type { StateKind } from "../state/state-kind.ts";
import { specDifferences } from "./spec-differences.ts";

/** The set of the servers that the manager's own file declares. */
export const fileSet = "file";

/** What a set of servers shall be. */
export interface Wanted {
  /** Who declares them: `file`, or a name of the caller's. */
  readonly set: string;
  readonly servers: ReadonlyMap<string, Declaration>;
  /** Whether servers of this set that are not declared any more go. */
  readonly prune: boolean;
  /** Whether servers of another set, or of a Start, are replaced; without it they are refused. */
  readonly takeOver: boolean;
}

/** A server that there is. */
export interface Present {
  readonly spec: ServerSpec;
  readonly origin: string | undefined;
  readonly state: StateKind;
  readonly hasContainer: boolean;
  /** Whether a container of it writes to a mount or a volume, its image's included. */
  readonly keepsData: boolean;
  /** Variables whose secrets have another value now. */
  readonly rotated: readonly string[];
}

export type PlanAction = "create" | "replace" | "remove" | "keep" | "refuse";

/** What an apply does with one server. */
export interface PlanStep {
  readonly server: string;
  readonly action: PlanAction;
  /** For `replace`: the fields that differ, in the proto's spelling; empty when only the set does. */
  readonly fields: readonly string[];
  /** For `replace`. */
  readonly by?: UpdateBy;
  /** Why, as a sentence's end; empty where the action says it all. */
  readonly reason: string;
}

/**
 * What has to be done, server by server in the order of their names. `refused` has why a spec is not allowed or not
 * possible here.
 */
export function planOf(
  wanted: Wanted,
  present: ReadonlyMap<string, Present>,
  {
    refused,
    hasRoom,
  }: { readonly refused: ReadonlyMap<string, string>; readonly hasRoom: (spec: ServerSpec) => boolean },
): PlanStep[] {
  const declared = [...wanted.servers].map(([server, declaration]): PlanStep => {
    const why = refused.get(server);
    if (why !== undefined) return step(server, "refuse", why);
    const there = present.get(server);
    return there === undefined
      ? creation(server, declaration)
      : stepFor(server, { declaration, there, wanted, hasRoom });
  });
  const removed = [...present].flatMap(([server, { origin }]) => {
    const isGone = wanted.prune && origin === wanted.set && !wanted.servers.has(server);
    return isGone ? [step(server, "remove", `${wanted.set} does not declare it any more`)] : [];
  });
  return [...declared, ...removed].sort((a, b) => (a.server < b.server ? -1 : 1));
}

function creation(server: string, { start }: Declaration): PlanStep {
  const reasons = {
    now: "",
    on_call: "without a container until the first call",
    manual: "without a container until a Start",
  };
  return step(server, "create", reasons[start]);
}

interface StepContext {
  readonly declaration: Declaration;
  readonly there: Present;
  readonly wanted: Wanted;
  readonly hasRoom: (spec: ServerSpec) => boolean;
}

function stepFor(server: string, context: StepContext): PlanStep {
  const { declaration, there, wanted } = context;
  const isOurs = there.origin === wanted.set;
  if (!isOurs && !wanted.takeOver) return step(server, "refuse", `it belongs to ${ownerText(there.origin)}`);
  const fields = changedFields(declaration.spec, there);
  if (!isOurs || fields.length > 0) return { server, action: "replace", fields, ...replacement(context, { isOurs }) };
  if (declaration.start !== "now" || !isDown(there)) return step(server, "keep", "");
  return step(server, "create", `it is ${there.state}`);
}

function changedFields(spec: ServerSpec, there: Present): string[] {
  const rotated = there.rotated.filter((name) => Object.hasOwn(spec.secrets ?? {}, name));
  return [...specDifferences(there.spec, spec), ...rotated.map((name) => fieldPath(["secrets", name]))];
}

/** Whether it was not started yet, or was stopped, or has failed. One that is idle and has a container is up. */
function isDown({ state, hasContainer }: Present): boolean {
  return state === "stopped" || state === "failed" || (state === "idle" && !hasContainer);
}

function replacement(
  { declaration: { spec, update }, there, hasRoom }: StepContext,
  { isOurs }: { readonly isOurs: boolean },
): Pick<PlanStep, "by" | "reason"> {
  const writes = there.keepsData || writesOutside(spec);
  const whyStopped = writes ? "a mount is writable" : "there is no memory for both";
  const stopsFirst = update === "recreate" || writes || (there.hasContainer && !hasRoom(spec));
  const reasons = [
    isOurs ? "" : `taken over from ${ownerText(there.origin)}`,
    stopsFirst && update !== "recreate" ? `the old one stops first: ${whyStopped}` : "",
    there.keepsData && !writesOutside(there.spec) ? "what it wrote to a volume of its image goes" : "",
  ];
  return { by: stopsFirst ? "recreate" : "rolling", reason: reasons.filter((reason) => reason !== "").join("; ") };
}

function ownerText(origin: string | undefined): string {
  if (origin === undefined) return "a Start";
  return origin === fileSet ? "the servers file" : `the set ${JSON.stringify(origin)}`;
}

function step(server: string, action: PlanAction, reason: string): PlanStep {
  return { server, action, fields: [], reason };
}
