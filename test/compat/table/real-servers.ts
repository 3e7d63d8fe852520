import type { RealServer } from "../real-server.ts";
import { binaryServers } from "./binaries.ts";
import { npmServers } from "./npm.ts";
import { pypiServers } from "./pypi.ts";

/** All of them. */
export const realServers: readonly RealServer[] = [...npmServers, ...pypiServers, ...binaryServers];

/** Those of a list of names; without a list the few of `make test`, and by `all` all. */
export function chosenServers(names: string | undefined): readonly RealServer[] {
  if (names === "all") return realServers;
  const wanted = names?.split(/[\s,]+/).filter(Boolean);
  const unknown = wanted?.find((name) => realServers.every((server) => server.name !== name));
  if (unknown !== undefined) {
    throw new Error(`no server ${unknown}; there are: ${realServers.map(({ name }) => name).join(", ")}`);
  }
  return realServers.filter(({ name, short }) => wanted?.includes(name) ?? short === true);
}

/** What its image is made of. */
export function folderOf({ name, image }: RealServer): string {
  return image === undefined ? `test/compat/servers/${name}` : `servers/${name}`;
}

export function imageOf({ name, image }: RealServer): string {
  return image ?? `mcpm-compat/${name}:latest`;
}
