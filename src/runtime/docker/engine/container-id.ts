import type Docker from "dockerode";
import { ManagerError } from "../../../base/errors/errors.ts";

/** Whether a text is an id as the engine makes it. */
export function isContainerId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/**
 * A container in the engine's API, by its id. What stands where ids are kept may be another's words (an image's labels,
 * say), and an id becomes part of a URL: nothing else than an id gets there, so that no request leads elsewhere.
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
