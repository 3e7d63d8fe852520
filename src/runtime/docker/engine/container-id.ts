import type Docker from "dockerode";
import { ManagerError } from "../../../base/errors/errors.ts";

/** Whether a text is an id as the engine makes it. */
export function isContainerId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/**
 * A container in the engine's API, by its id. An id becomes part of a URL, and a kept id may come from others, such as
 * from an image's labels. So nothing but an id is accepted, and no request leads elsewhere.
 */
export function containerOf(docker: Docker, id: string): Docker.Container {
  assertContainerId(id);
  return docker.getContainer(id);
}

/** Throws `internal` for what is not an id. */
export function assertContainerId(id: string): void {
  if (isContainerId(id)) return;
  throw new ManagerError("internal", "not a container's id: that has 64 hexadecimal digits", {
    details: { reason: "INTERNAL", delivery: "not_sent" },
  });
}
