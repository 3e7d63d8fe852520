import type Docker from "dockerode";
import type { RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "./container-id.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";
import { stopSignalOf } from "./stop-signal.ts";

/**
 * Sends the stop signal of the image, waits up to the grace, then sends SIGKILL. Returns when the container has stopped
 * or is gone.
 */
export async function stopContainer(
  id: string,
  options: RuntimeCallOptions & {
    readonly engine: Engine;
    readonly graceMs: number;
    /** Whether a paused container must go on to take a signal: Docker sees to that itself. Default: no. */
    readonly unpauses?: boolean;
  },
): Promise<void> {
  const { graceMs, unpauses = false } = options;
  if (unpauses) await unpause(id, options);
  // The engine's own stop takes whole seconds.
  if (graceMs > 0) {
    if (!(await sendSignal(id, await stopSignal(id, options), options))) return;
    if (await exitsWithin(id, options)) return;
  }
  if (!(await sendSignal(id, "SIGKILL", options))) return;
  await waitForExit(id, options);
}

type StopOptions = RuntimeCallOptions & { readonly engine: Engine };

async function unpause(id: string, options: StopOptions): Promise<void> {
  const go = async (docker: Docker, abort: object) => {
    try {
      await containerOf(docker, id).unpause(abort);
    } catch (error) {
      // It is not paused, or gone.
      if (statusOf(error) === undefined) throw error;
    }
  };
  await options.engine.call(`unpause container ${id}`, go, options);
}

/** A container has its image's from when it was created. */
async function stopSignal(id: string, options: StopOptions): Promise<string> {
  return options.engine.call(
    `inspect container ${id}`,
    async (docker, abort) => {
      try {
        const { Config } = await containerOf(docker, id).inspect(abort);
        return stopSignalOf((Config as { readonly StopSignal?: unknown }).StopSignal);
      } catch (error) {
        // Whether it is gone, the signal tells.
        if (statusOf(error) === undefined) throw error;
        return stopSignalOf(undefined);
      }
    },
    options,
  );
}

/** False: there is nothing to signal, the container does not run or is gone. */
async function sendSignal(id: string, name: string, options: StopOptions): Promise<boolean> {
  return options.engine.call(
    `signal container ${id}`,
    async (docker, abort) => {
      try {
        await containerOf(docker, id).kill({ signal: name, ...abort });
        return true;
      } catch (error) {
        const status = statusOf(error);
        if (status === 404 || status === 409) return false;
        throw error;
      }
    },
    options,
  );
}

async function exitsWithin(id: string, options: StopOptions & { readonly graceMs: number }): Promise<boolean> {
  const { signal, graceMs } = options;
  const grace = new AbortController();
  const timer = setTimeout(() => grace.abort(), graceMs);
  try {
    await waitForExit(id, { ...options, signal: signal ? AbortSignal.any([signal, grace.signal]) : grace.signal });
    return true;
  } catch (error) {
    if (grace.signal.aborted && !signal?.aborted) return false;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function waitForExit(id: string, options: StopOptions): Promise<void> {
  await waitUntil(id, { ...options, condition: "not-running" });
}

/** Waits for a condition of a container; at once when it holds already or the container is gone. */
export async function waitUntil(
  id: string,
  options: StopOptions & { readonly condition: "not-running" | "removed" },
): Promise<void> {
  const { condition } = options;
  await options.engine.call(
    `wait for container ${id}`,
    async (docker, abort) => {
      try {
        await containerOf(docker, id).wait({ condition, ...abort });
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
      }
    },
    { ...options, unlimited: true },
  );
}
