import type { InstanceMark } from "../../runtime.ts";

/** The fleet whose containers go by the short name. */
const defaultFleet = "default";
const stoppingSuffix = ".stopping";
const restartingSuffix = ".restarting";
const oldSuffix = ".old";

/**
 * Name of a server's container: the first plain, the others with their number. It is for people: identity is the
 * labels.
 */
export function containerName(fleet: string, server: string, replica: number): string {
  const name = fleet === defaultFleet ? `mcp-${server}` : `mcp-${fleet}.${server}`;
  return replica === 0 ? name : `${name}.${replica + 1}`;
}

/** The name of an instance's own network: that of its container, when nothing is under way with it. */
export function networkName(fleet: string, instance: { readonly server: string; readonly replica: number }): string {
  return containerName(fleet, instance.server, instance.replica);
}

/** The name of a container that is to replace another, until it does. */
export function nextName(fleet: string, server: string, replica: number): string {
  return `${containerName(fleet, server, replica)}.next`;
}

/** Name while a Stop is under way; with the container's id when an earlier stop still holds the plain one. */
export function stoppingName(fleet: string, server: string, replica: number): string {
  return containerName(fleet, server, replica) + stoppingSuffix;
}

export function stoppingNameWithId(stopping: string, id: string): string {
  return `${stopping}-${id.slice(0, 12)}`;
}

/** Name while a Restart is under way. */
export function restartingName(fleet: string, server: string, replica: number): string {
  return containerName(fleet, server, replica) + restartingSuffix;
}

/** Name of a container that is kept until another one has taken its place. */
export function oldName(fleet: string, server: string, replica: number): string {
  return containerName(fleet, server, replica) + oldSuffix;
}

/** All names that the container of one instance of a server can have. */
export function namesOf(
  fleet: string,
  server: string,
  replica: number,
): { has: (name: string, id: string) => boolean } {
  const plain = [containerName, nextName, restartingName, oldName].map((nameOf) => nameOf(fleet, server, replica));
  return { has: (name, id) => plain.includes(name) || isStopping({ name, id }, { fleet, server, replica }) };
}

/** What is under way with an instance's container, by the container's name. */
export function markOf(
  container: { readonly name: string; readonly id: string },
  owner: { readonly fleet: string; readonly server: string; readonly replica: number },
): InstanceMark {
  const { fleet, server, replica } = owner;
  if (isStopping(container, owner)) return "stopping";
  if (container.name === restartingName(fleet, server, replica)) return "restarting";
  if (container.name === oldName(fleet, server, replica)) return "replaced";
  return container.name === nextName(fleet, server, replica) ? "replacing" : "none";
}

/** Whether a container of this server was marked by a Stop. A server called "stopping" is not. */
export function isStopping(
  { name, id }: { readonly name: string; readonly id: string },
  owner: { readonly fleet: string; readonly server: string; readonly replica: number },
): boolean {
  const stopping = stoppingName(owner.fleet, owner.server, owner.replica);
  return name === stopping || name === stoppingNameWithId(stopping, id);
}
