import type Docker from "dockerode";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { InstanceExit, InstanceRecord, Usability } from "../../runtime.ts";
import { killedExitCode } from "../engine/exit-cause.ts";
import { eraOf, type Labels, readSpec, replacesOf } from "../engine/labels.ts";
import { markOf } from "./container-name.ts";
import { isOutdated } from "./outdated.ts";
import { misnamed, type OwnLabels } from "./own-labels.ts";

const states: Readonly<Record<string, InstanceRecord["state"]>> = {
  created: "created",
  // Podman's, of one that was attached to and not started yet.
  initialized: "created",
  running: "running",
  restarting: "running",
  paused: "paused",
  // Podman's, while a container is being stopped, and after its process ended until it is cleaned up.
  stopping: "running",
  stopped: "exited",
  exited: "exited",
  // A removal that failed half-way: it runs no more, and can be removed again.
  dead: "exited",
};

export interface RecordContext {
  readonly fleet: string;
  readonly own: OwnLabels;
}

/** An inspected container as a record; undefined while the engine is removing it. */
export function instanceRecord(
  info: Docker.ContainerInspectInfo,
  context: RecordContext & { readonly imageDigest: string },
): InstanceRecord | undefined {
  const state = states[info.State.Status];
  if (state === undefined) return undefined;
  const { own } = context;
  const startTimeMs = Date.parse(info.State.StartedAt);
  return {
    ...identityOf({ id: info.Id, name: plainName(info.Name) }, context),
    ...readable(own.labels, info),
    state,
    imageId: info.Image,
    imageDigest: context.imageDigest,
    createTimeMs: Date.parse(info.Created),
    // The engine writes the year 1 for "never".
    ...(startTimeMs > 0 ? { startTimeMs } : {}),
    ...(state === "exited" ? { exit: exitOf(info.State) } : {}),
  };
}

/** The engine's flag is about any process of the container: one that exited by itself did not do so for lack of memory. */
function exitOf({ ExitCode: exitCode, OOMKilled: flag }: Docker.ContainerInspectInfo["State"]): InstanceExit {
  return { exitCode, oomKilled: flag && exitCode === killedExitCode };
}

/** What the listing says of a container that the engine does not answer for; its env, and so its spec, is not known. */
export function silentRecord(info: Docker.ContainerInfo, context: RecordContext): InstanceRecord | undefined {
  const state = states[info.State];
  if (state === undefined) return undefined;
  return {
    ...identityOf({ id: info.Id, name: plainName(info.Names[0] ?? "") }, context),
    spec: undefined,
    usability: {
      kind: "silent",
      why: "the engine does not answer requests about it; a stalled `docker attach` to it may be the reason",
    },
    state,
    imageId: info.ImageID,
    imageDigest: "",
    createTimeMs: info.Created * 1000,
  };
}

/** A container's name, without the slash that the engine puts in front. */
export function plainName(name: string): string {
  return name.replace(/^\//, "");
}

type Identity = Pick<
  InstanceRecord,
  "id" | "server" | "instance" | "replica" | "era" | "replaces" | "mark" | "leaveAlone"
>;

function identityOf(container: { readonly id: string; readonly name: string }, context: RecordContext): Identity {
  const { id, name } = container;
  const { fleet, own } = context;
  const { server, instance, replica, labels, isNamedSo } = own;
  const era = eraOf(labels);
  const replaces = replacesOf(labels);
  return {
    id,
    server,
    instance,
    replica,
    ...(era === undefined ? {} : { era }),
    ...(replaces === undefined ? {} : { replaces }),
    mark: markOf({ name, id }, { fleet, server, replica }),
    ...(isNamedSo ? {} : { leaveAlone: misnamed(own, fleet) }),
  };
}

function readable(
  labels: Labels,
  info: Docker.ContainerInspectInfo,
): { readonly spec: ServerSpec | undefined; readonly usability: Usability } {
  let spec: ServerSpec;
  try {
    spec = readSpec(labels, info.Config.Env ?? []);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { spec: undefined, usability: { kind: "unreadable", why } };
  }
  return { spec, usability: usabilityOf(info) };
}

function usabilityOf(info: Docker.ContainerInspectInfo): Usability {
  if (info.Config.Tty) return { kind: "terminal" };
  return { kind: isOutdated(info) ? "outdated" : "usable" };
}
