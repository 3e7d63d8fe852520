import type { RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "./container-id.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";

/** SIGTERM, waits up to the grace, SIGKILL; returns when the container runs no more or is gone. */
export async function stopContainer(
  id: string,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly graceMs: number },
): Promise<void> {
  const { graceMs } = options;
  // The engine's own stop takes whole seconds.
  if (graceMs > 0) {
    if (!(await sendSignal(id, "SIGTERM", options))) return;
    if (await exitsWithin(id, options)) return;
  }
  if (!(await sendSignal(id, "SIGKILL", options))) return;
  await waitForExit(id, options);
}

type StopOptions = RuntimeCallOptions & { readonly engine: Engine };

/** False: there is nothing to signal, the container does not run or is gone. */
async function sendSignal(id: string, name: "SIGTERM" | "SIGKILL", options: StopOptions): Promise<boolean> {
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
