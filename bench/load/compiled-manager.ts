import { fileURLToPath } from "node:url";
import { ManagerProcess, type SpawnOptions, spawnManager } from "../../test/line/manager-process.ts";

/** The JavaScript that the image and the package run; scripts/bench has it made. */
const main = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));

/** A manager as users run it. Resolves when it listens. */
export function startCompiledManager(options: SpawnOptions): Promise<ManagerProcess> {
  return ManagerProcess.of(spawnManager(main, options));
}
