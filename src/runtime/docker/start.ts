import type Docker from "dockerode";
import type { RuntimeCallOptions } from "../runtime.ts";
import { bindNotAllowed, resolveBindSource } from "./bind-source.ts";
import { containerOf } from "./container-id.ts";
import { engineText, refusal, statusOf } from "./engine-error.ts";
import { label } from "./labels.ts";
import type { MountContext } from "./mounts.ts";

/** Starts a created or exited container; nothing to do when it runs. */
export async function startContainer(id: string, context: MountContext & RuntimeCallOptions): Promise<void> {
  const { engine, bindRoots } = context;
  const info = await engine.call(
    `inspect container ${id}`,
    (docker, abort) => containerOf(docker, id).inspect(abort),
    context,
  );
  await checkBinds(info.HostConfig.Mounts ?? [], bindRoots);
  const server = info.Config.Labels[label.server] ?? id;
  const start = async (docker: Docker, abort: object) => {
    try {
      await containerOf(docker, id).start(abort);
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return;
      // 404 can be about something the container needs (a network); of the container itself it says this.
      if (status === undefined || /no such container/i.test(engineText(error))) throw error;
      throw refusal("not_running", `the Docker engine refused to start ${server}: ${engineText(error)}`, {
        reason: "START_REFUSED",
        server,
        cause: error,
      });
    }
  };
  await engine.call(`start ${server}`, start, context);
}

/**
 * The engine follows a bind's source anew at every start. It was resolved at create; if a link has taken its place
 * since (another server with a writable mount could do that), it would lead anywhere.
 */
async function checkBinds(mounts: readonly Docker.MountSettings[], roots: readonly string[]): Promise<void> {
  for (const [index, mount] of mounts.entries()) {
    if (mount.Type !== "bind") continue;
    const field = `spec.mounts[${index}].source`;
    if ((await resolveBindSource(mount.Source, { field, roots })) === mount.Source) continue;
    throw bindNotAllowed({
      field,
      description: `"${mount.Source}" has become a symbolic link since the server was created`,
    });
  }
}
