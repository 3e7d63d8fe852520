import type Docker from "dockerode";
import type { ServerSpec } from "../../spec.ts";
import type { InstanceRecord } from "../runtime.ts";
import { isStopping, nextName, restartingName } from "./container-name.ts";
import { eraOf, type Labels, label, readSpec, replicaOf } from "./labels.ts";

const states: Readonly<Record<string, InstanceRecord["state"]>> = {
  created: "created",
  running: "running",
  restarting: "running",
  paused: "paused",
  exited: "exited",
  // A removal that failed half-way: it runs no more, and can be removed again.
  dead: "exited",
};

/** An inspected container as a record; undefined while the engine is removing it. */
export function instanceRecord(
  info: Docker.ContainerInspectInfo,
  context: { readonly fleet: string; readonly imageDigest: string },
): InstanceRecord | undefined {
  const state = states[info.State.Status];
  if (state === undefined) return undefined;
  const labels = info.Config.Labels;
  const server = labels[label.server] ?? "";
  const replica = replicaOf(labels);
  const name = info.Name.replace(/^\//, "");
  const startTimeMs = Date.parse(info.State.StartedAt);
  return {
    id: info.Id,
    server,
    instance: labels[label.instance] ?? "",
    replica,
    ...specOf(info),
    ...originOf(labels),
    state,
    stopping: isStopping(name, { fleet: context.fleet, server, replica }),
    restarting: name === restartingName(context.fleet, server, replica),
    ...(name === nextName(context.fleet, server, replica) ? { next: true } : {}),
    ...(info.Config.Tty ? { tty: true } : {}),
    imageId: info.Image,
    imageDigest: context.imageDigest,
    createTimeMs: Date.parse(info.Created),
    // The engine writes the year 1 for "never".
    ...(startTimeMs > 0 ? { startTimeMs } : {}),
    ...(state === "exited" ? { exit: { exitCode: info.State.ExitCode, oomKilled: info.State.OOMKilled } } : {}),
  };
}

/** What the listing says of a container that the engine does not answer for; its env, and so its spec, is not known. */
export function silentRecord(info: Docker.ContainerInfo, fleet: string): InstanceRecord | undefined {
  const state = states[info.State];
  if (state === undefined) return undefined;
  const labels = info.Labels;
  const server = labels[label.server] ?? "";
  const replica = replicaOf(labels);
  const name = info.Names[0]?.replace(/^\//, "") ?? "";
  return {
    id: info.Id,
    server,
    instance: labels[label.instance] ?? "",
    replica,
    spec: undefined,
    specError: "the engine does not answer for it; is a docker attach to it stalled?",
    ...originOf(labels),
    state,
    stopping: isStopping(name, { fleet, server, replica }),
    restarting: name === restartingName(fleet, server, replica),
    silent: true,
    imageId: info.ImageID,
    imageDigest: "",
    createTimeMs: info.Created * 1000,
  };
}

function originOf(labels: Labels): Pick<InstanceRecord, "era" | "replaces"> {
  const era = eraOf(labels);
  const replaces = labels[label.replaces];
  return { ...(era === undefined ? {} : { era }), ...(replaces === undefined ? {} : { replaces }) };
}

function specOf(info: Docker.ContainerInspectInfo): { spec: ServerSpec | undefined; specError?: string } {
  if (info.Config.Labels[label.spec] === undefined) return { spec: undefined };
  try {
    return { spec: readSpec(info.Config.Labels, info.Config.Env ?? []) };
  } catch (error) {
    return { spec: undefined, specError: error instanceof Error ? error.message : String(error) };
  }
}
