import { createHash } from "node:crypto";
import type { ServerSpec } from "../../base/spec/spec.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";

/** An image and what makes a program of it: programs that are the same speak the same. */
export type Program = Pick<InstanceRecord, "imageId"> & {
  readonly spec: Pick<ServerSpec, "command" | "args" | "env" | "mounts" | "workingDir">;
};

/**
 * What tells a program from others. As a hash: the environment may be large. It is written nowhere as it is
 * (`TextCache`).
 */
export function identityOf({ imageId, spec: { command, args, env, mounts, workingDir } }: Program): string {
  return createHash("sha256")
    .update(JSON.stringify([imageId, command, args, env, mounts, workingDir]))
    .digest("base64");
}

/** Whether it is the same program tomorrow: where no image is named, its files may be others by then. */
export function isLasting({ imageId }: Program): boolean {
  return imageId !== "";
}
