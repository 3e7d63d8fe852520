import type Docker from "dockerode";
import type { InstanceRecord, NewMark, RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "../engine/container-id.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/engine-error.ts";
import { containerName, oldName, restartingName, stoppingName, stoppingNameWithId } from "./container-name.ts";

const nameOf: Readonly<Record<NewMark, typeof containerName>> = {
  none: containerName,
  stopping: stoppingName,
  restarting: restartingName,
  replaced: oldName,
};

/** Marks a container by its name: labels can't be changed. Nothing to do when it is gone or has the name already. */
export async function markContainer(
  record: InstanceRecord,
  mark: NewMark,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const { id, server, replica } = record;
  // It may have the longer one of the two names.
  if (mark === "stopping" && record.mark === "stopping") return;
  const name = nameOf[mark](options.fleet, server, replica);
  const rename = async (docker: Docker, abort: object) => {
    const container = containerOf(docker, id);
    try {
      await container.rename({ name, ...abort });
    } catch (error) {
      const status = statusOf(error);
      // 400: the engine says so of a name that it has already.
      if (status === 400 || status === 404) return;
      // The plain name is for people: the instance that it marks is over, even if another one has the name now.
      if (status === 409 && mark === "none") return;
      if (status !== 409 || mark !== "stopping") throw error;
      // That of an earlier Stop which is not over yet.
      await container.rename({ name: stoppingNameWithId(name, id), ...abort });
    }
  };
  const doing = mark === "none" ? `rename ${server}` : `mark ${server} as ${mark}`;
  await options.engine.call(doing, rename, options);
}
