import type Docker from "dockerode";
import type { ManagerError } from "../../../base/errors/errors.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { engineRefusal, statusOf } from "../engine/engine-error.ts";
import { waitUntil } from "../engine/stop-container.ts";

/** A removal takes milliseconds; with very many files, or on a busy machine, seconds. */
const maxRemovalMs = 30_000;

interface NameOptions extends RuntimeCallOptions {
  readonly engine: Engine;
  /** The server that wants the name. */
  readonly server: string;
  /** The engine's response to the one that asked for it. */
  readonly conflict: unknown;
}

interface Holder {
  readonly id: string;
  readonly status: string;
}

/**
 * Returns when the container that had this name is gone. The engine gives a name free at the very end of a removal,
 * some time after it told that the process ended. Throws `conflict` (NAME_TAKEN), at once, when nobody removes the
 * container.
 */
export async function nameFreed(name: string, options: NameOptions): Promise<void> {
  const holder = await holderOf(name, options);
  if (holder === undefined) return;
  // Its name alone, which finds it: what else there is of a stranger's container is not the caller's business.
  const shown = `a container named ${name}`;
  if (holder.status !== "removing") {
    throw nameTaken(`${shown} exists already and does not belong to this server: remove or rename it`, options);
  }
  const patience = AbortSignal.timeout(maxRemovalMs);
  const signal = options.signal === undefined ? patience : AbortSignal.any([options.signal, patience]);
  try {
    await waitUntil(holder.id, { ...options, condition: "removed", signal });
  } catch (error) {
    if (!patience.aborted || options.signal?.aborted) throw error;
    throw nameTaken(
      `${shown} is being removed, and that takes the engine more than ${maxRemovalMs} ms: look at the engine's log`,
      options,
    );
  }
}

export function nameTaken(
  message: string,
  { server, conflict }: Pick<NameOptions, "server" | "conflict">,
): ManagerError {
  return engineRefusal("conflict", message, { reason: "NAME_TAKEN", server, cause: conflict });
}

async function holderOf(name: string, options: NameOptions): Promise<Holder | undefined> {
  const inspect = async (docker: Docker, abort: object) => {
    try {
      const { Id: id, State: state } = await docker.getContainer(name).inspect(abort);
      return { id, status: state.Status };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  };
  return options.engine.call(`inspect container ${name}`, inspect, options);
}
