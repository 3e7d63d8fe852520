import type Docker from "dockerode";
import type { ManagerError } from "../../../base/errors/errors.ts";
import type { MountSpec } from "../../../base/spec/spec.ts";
import { normalPath } from "../../../base/text/normal-path.ts";
import type { Attachment, AttachmentSink, RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "../engine/container-id.ts";
import { engineRefusal, engineText, statusOf } from "../engine/engine-error.ts";
import { label, readSpec, replicaOf } from "../engine/labels.ts";
import { numericUser, quoted } from "../files/user-files.ts";
import { bindNotAllowed } from "../mounts/bind-not-allowed.ts";
import { bindUserDenied, checkBindCapabilities, checkBindUser } from "../mounts/bind-rights.ts";
import { resolveBindSource } from "../mounts/bind-source.ts";
import { type Bind, checkBoundFolders } from "../mounts/bound-folders.ts";
import type { MountContext } from "../mounts/mounts.ts";
import type { Networks } from "../networks/networks.ts";
import { openAttachment } from "../stdio/attachment.ts";
import { networkName } from "./container-name.ts";
import type { Enforcement } from "./enforcement.ts";
import { isOutdated } from "./outdated.ts";

interface StartContext extends MountContext, RuntimeCallOptions {
  readonly bindUsers: readonly string[];
  readonly enforcement: Pick<Enforcement, "checkEngine" | "checkContainer">;
  readonly networks: Pick<Networks, "during">;
}

/** Attaches to a container first, or its first bytes are lost, and starts it. */
export async function runContainer(id: string, sink: AttachmentSink, context: StartContext): Promise<Attachment> {
  const attachment = await openAttachment(id, sink, context).catch(async (error: ManagerError) => {
    if (statusOf(error.cause) !== 500) throw error;
    sink.end();
    // Podman prepares a container when it is attached to, and refuses then what Docker refuses at the start.
    throw startRefused(serverOf(await inspect(id, context)), error.cause);
  });
  try {
    await startContainer(id, context);
    return attachment;
  } catch (error) {
    // The engine does not end the attachment of a container that never ran.
    attachment.close();
    throw error;
  }
}

/** Starts a created or exited container; nothing to do when it runs. */
async function startContainer(id: string, context: StartContext): Promise<void> {
  const { engine, enforcement } = context;
  await enforcement.checkEngine(context);
  const info = await inspect(id, context);
  enforcement.checkContainer(info);
  const server = serverOf(info);
  await checkBinds(info, context);
  if (isOutdated(info)) throw outdated(server);
  const start = async (docker: Docker, abort: object) => {
    try {
      await containerOf(docker, id).start(abort);
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return;
      // 404 can be about something the container needs (a network); of the container itself it says this.
      if (status === undefined || /no such container/i.test(engineText(error))) throw error;
      throw startRefused(server, error);
    }
  };
  const starting = () => engine.call(`start ${server}`, start, context);
  const name = networkName(context.fleet, { server, replica: replicaOf(info.Config.Labels) ?? 0 });
  // Somebody may have removed it (`docker network prune`) while nothing ran in it.
  if (info.HostConfig.NetworkMode === name) {
    await context.networks.during({ name, server }, starting, { ...context, container: id });
  } else {
    await starting();
  }
}

async function inspect(id: string, context: StartContext): Promise<Docker.ContainerInspectInfo> {
  const ask = (docker: Docker, abort: object) => containerOf(docker, id).inspect(abort);
  return context.engine.call(`inspect container ${id}`, ask, context);
}

function serverOf({ Id, Config }: Docker.ContainerInspectInfo): string {
  return Config.Labels[label.server] ?? Id;
}

function startRefused(server: string, cause: unknown): Error {
  const message = `the Docker engine refused to start ${server}: ${engineText(cause)}`;
  return engineRefusal("not_running", message, { reason: "START_REFUSED", server, cause });
}

function outdated(server: string): Error {
  const message = `an older manager made the container of ${server} in a way that is no longer allowed: Stop the server, then Start it with its spec`;
  return engineRefusal("not_running", message, { reason: "START_REFUSED", server });
}

/**
 * The engine follows a bind's source anew at every start, and what was true of it at create may have changed: a link
 * may have taken its place, a setting may be another, and a manager of an older version had other rules.
 */
async function checkBinds(
  info: Docker.ContainerInspectInfo,
  context: MountContext & RuntimeCallOptions & { readonly bindUsers: readonly string[] },
): Promise<void> {
  const { bindRoots: roots, bindUsers, uid } = context;
  const binds = bindsIn(info);
  for (const { source, field } of binds) {
    if ((await resolveBindSource(source, { field, roots, uid })) === source) continue;
    throw bindNotAllowed({ field, description: `"${source}" has become a symbolic link since the server was created` });
  }
  await checkBoundFolders(binds, { ...context, own: info.Id });
  checkBindCapabilities(info.HostConfig.CapAdd ?? [], { binds });
  if (!binds.some(({ writable }) => writable)) return;
  const { User: user } = info.Config;
  const shown = `the container's user, ${user === "" ? "root" : quoted(user)},`;
  const numbers = numericUser(user);
  if (numbers === undefined) throw bindUserDenied(`${shown} may not write to a bind mount: it must be uid:gid`);
  checkBindUser(numbers, { shown, bindUsers });
}

/**
 * What the engine will mount, named as in the spec; a person may have made the container, and given it more. Throws
 * `denied` when the engine does not tell of all that the spec asks for: what it does not tell of can't be checked.
 */
function bindsIn({ Mounts: mounts = [], Config }: Docker.ContainerInspectInfo): Bind[] {
  const asked = mountsAskedFor(Config);
  const at = (target: string, path: string) => normalPath(target) === normalPath(path);
  for (const [index, { type, target }] of asked.entries()) {
    if (type !== "bind" || mounts.some(({ Type, Destination }) => Type === type && at(Destination, target))) continue;
    const description = `the engine does not say that "${target}" is mounted, so it can't be checked: Stop the server, then Start it with its spec`;
    throw bindNotAllowed({ field: `spec.mounts[${index}].source`, description });
  }
  return mounts
    .filter(({ Type }) => Type === "bind")
    .map(({ Source, Destination, RW }) => {
      const index = asked.findIndex(({ target }) => at(Destination, target));
      return { source: Source, writable: RW, field: index < 0 ? "spec.mounts" : `spec.mounts[${index}].source` };
    });
}

/** None where the spec can't be read: its container is not started by itself. */
function mountsAskedFor({ Labels: labels, Env: env }: Docker.ContainerInspectInfo["Config"]): readonly MountSpec[] {
  try {
    return readSpec(labels, env ?? []).mounts ?? [];
  } catch {
    return [];
  }
}
