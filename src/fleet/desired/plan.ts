import type { Declaration, UpdateBy } from "../../base/spec/declaration.ts";
import { fieldPath } from "../../base/spec/field-path.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { writesOutside } from "../../base/spec/writes-outside.ts";
import type { StateKind } from "../state/state-kind.ts";
import { specDifferences } from "./spec-differences.ts";

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
  refused: ReadonlyMap<string, string>,
): PlanStep[] {
  const declared = [...wanted.servers].map(([server, declaration]): PlanStep => {
    const why = refused.get(server);
    if (why !== undefined) return step(server, "refuse", why);
    const there = present.get(server);
    return there === undefined ? creation(server, declaration) : stepFor(server, { declaration, there, wanted });
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

function stepFor(
  server: string,
  { declaration, there, wanted }: { declaration: Declaration; there: Present; wanted: Wanted },
): PlanStep {
  const { spec, start, update } = declaration;
  const isOurs = there.origin === wanted.set;
  if (!isOurs && !wanted.takeOver) return step(server, "refuse", `it belongs to ${ownerText(there.origin)}`);
  const rotated = there.rotated.filter((name) => Object.hasOwn(spec.secrets ?? {}, name));
  const fields = [...specDifferences(there.spec, spec), ...rotated.map((name) => fieldPath(["secrets", name]))];
  if (isOurs && fields.length === 0) {
    const isDown = there.state === "stopped" || there.state === "failed";
    if (isDown && start === "now") return step(server, "create", `it is ${there.state}`);
    return step(server, "keep", "");
  }
  const from = isOurs ? "" : `taken over from ${ownerText(there.origin)}`;
  return {
    server,
    action: "replace",
    fields,
    ...replacement({ spec, update, there, from }),
  };
}

function replacement({
  spec,
  update,
  there,
  from,
}: Pick<Declaration, "spec" | "update"> & { there: Present; from: string }): Pick<PlanStep, "by" | "reason"> {
  const writes = there.keepsData || writesOutside(spec);
  const reasons = [
    from,
    update !== "recreate" && writes ? "it has a writable mount, so the old one stops first" : "",
    there.keepsData && !writesOutside(there.spec) ? "what it wrote to a volume of its image goes" : "",
  ];
  return {
    by: writes ? "recreate" : update,
    reason: reasons.filter((reason) => reason !== "").join("; "),
  };
}

function ownerText(origin: string | undefined): string {
  return origin === undefined ? "a Start" : `the set ${JSON.stringify(origin)}`;
}

function step(server: string, action: PlanAction, reason: string): PlanStep {
  return { server, action, fields: [], reason };
}
