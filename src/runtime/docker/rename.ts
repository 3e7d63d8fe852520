import type { RuntimeCallOptions } from "../runtime.ts";
import { containerOf } from "./container-id.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";

/** Renames a container. Nothing to do when it is gone, has the name already, or, where that may be, finds it taken. */
export async function rename(
  id: string,
  options: RuntimeCallOptions & {
    readonly engine: Engine;
    readonly name: string;
    /** What for, in an error's words. */
    readonly doing: string;
    readonly mayBeTaken: boolean;
  },
): Promise<void> {
  const { engine, name, doing, mayBeTaken } = options;
  await engine.call(
    doing,
    async (docker, abort) => {
      try {
        await containerOf(docker, id).rename({ name, ...abort });
      } catch (error) {
        const status = statusOf(error);
        // 400: the engine says so of a name that it has already.
        if (status !== 400 && status !== 404 && !(status === 409 && mayBeTaken)) throw error;
      }
    },
    options,
  );
}
