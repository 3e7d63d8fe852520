import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ManagerProcess, type SpawnOptions, spawnManager } from "../../test/e2e/manager-process.ts";

/** The folder of the bundle, which the image runs, too; scripts/bench has it made. */
export const bundleHere = fileURLToPath(new URL("../../.tools/bundle/", import.meta.url));

/** The folder of another tree's bundle that this one is held against (BEFORE). Undefined: none is named. */
export function bundleBefore(): string | undefined {
  const { BEFORE: folder } = process.env;
  return folder === undefined || folder === "" ? undefined : resolve(folder);
}

/** A manager as users run it. Resolves when it listens. */
export function startBundledManager({
  bundle = bundleHere,
  ...options
}: SpawnOptions & { readonly bundle?: string | undefined }): Promise<ManagerProcess> {
  return ManagerProcess.of(spawnManager(join(bundle, "main.mjs"), options));
}
