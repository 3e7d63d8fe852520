import { fileURLToPath } from "node:url";
import { ManagerProcess, type SpawnOptions, spawnManager } from "../../test/line/manager-process.ts";

/** The bundle, which the image runs, too; scripts/bench has it made. */
const main = fileURLToPath(new URL("../../.tools/bundle/main.mjs", import.meta.url));

/** A manager as users run it. Resolves when it listens. */
export function startBundledManager(options: SpawnOptions): Promise<ManagerProcess> {
  return ManagerProcess.of(spawnManager(main, options));
}
