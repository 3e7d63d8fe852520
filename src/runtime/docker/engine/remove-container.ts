import type { RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "./container-id.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";
import { waitUntil } from "./stop-container.ts";

/** How often a removal that someone else had begun, and that failed, is tried again. */
const maxTries = 3;

/** Kills and removes a container with its anonymous volumes; returns when it is gone. */
export async function removeContainer(
  id: string,
  options: RuntimeCallOptions & { readonly engine: Engine },
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryRemove(id, { ...options, lastTry: tries === maxTries });
    if (outcome === "gone") return;
    await waitUntil(id, { ...options, condition: "removed" });
  }
}

async function tryRemove(
  id: string,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly lastTry: boolean },
): Promise<"gone" | "in progress"> {
  return options.engine.call(
    `remove container ${id}`,
    async (docker, abort) => {
      try {
        await containerOf(docker, id).remove({ force: true, v: true, ...abort });
        return "gone";
      } catch (error) {
        if (statusOf(error) === 404) return "gone";
        if (statusOf(error) === 409 && !options.lastTry) return "in progress";
        throw error;
      }
    },
    options,
  );
}
