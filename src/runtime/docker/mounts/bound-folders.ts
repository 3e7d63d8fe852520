import { realpath } from "node:fs/promises";
import type Docker from "dockerode";
import { normalPath } from "../../../base/text/normal-path.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { bindNotAllowed } from "./bind-not-allowed.ts";
import { isWithin } from "./bind-source.ts";

/** A bind mount that a container is to get. */
export interface Bind {
  /** Its real path. */
  readonly source: string;
  readonly writable: boolean;
  /** The source's path in the request, for errors. */
  readonly field: string;
}

/** A folder or file of the host that a container has mounted. */
interface Bound {
  readonly source: string;
  readonly writable: boolean;
  /** Completes "which …". */
  readonly by: string;
}

/**
 * Throws `denied` when a container could swap a part of the path that another one is mounted by: a bind strictly below
 * a folder that any container of the engine can write to, and a writable bind strictly above what one has, or above one
 * of the roots. Every container of the engine counts, from its creation to its removal.
 */
export async function checkBoundFolders(
  binds: readonly Bind[],
  options: RuntimeCallOptions & {
    readonly engine: Engine;
    readonly bindRoots: readonly string[];
    /** A container that has these binds itself. */
    readonly own?: string;
  },
): Promise<void> {
  if (binds.length === 0) return;
  const { bindRoots, own } = options;
  for (const [index, bind] of binds.entries()) {
    const others = binds.filter((_other, at) => at !== index);
    checkApart(
      bind,
      others.map(({ field, ...other }) => ({ ...other, by: `${field} gives to this server, too` })),
    );
  }
  const roots = bindRoots.map((source) => ({ source, writable: false, by: "is one of MCPM_BIND_ROOTS" }));
  const bound = [...roots, ...(await boundByContainers({ ...options, own }))];
  const everywhere = (await Promise.all(bound.map(withRealPath))).flat();
  for (const bind of binds) checkApart(bind, everywhere);
}

function checkApart(bind: Bind, others: readonly Bound[]): void {
  const { source, field } = bind;
  for (const other of others) {
    if (other.writable && isBelow(source, other.source)) {
      const description = `"${source}" lies in "${other.source}", which ${other.by}, writable: a link could take its place while it is mounted. Mount "${other.source}" itself, or make that mount read-only, or remove it`;
      throw bindNotAllowed({ field, description });
    }
    if (bind.writable && isBelow(other.source, source)) {
      const description = `"${source}" must not be writable: "${other.source}" lies in it, which ${other.by}, and a link could take its place. Mount it read-only, or mount another folder`;
      throw bindNotAllowed({ field, description });
    }
  }
}

function isBelow(candidate: string, folder: string): boolean {
  return candidate !== folder && isWithin(candidate, folder);
}

async function boundByContainers(
  options: RuntimeCallOptions & { readonly engine: Engine; readonly own: string | undefined },
): Promise<Bound[]> {
  const containers = await options.engine.call(
    "list containers",
    (docker, abort) => docker.listContainers({ all: true, ...abort }),
    options,
  );
  return containers.flatMap(({ Id, Names, Mounts = [] }: Docker.ContainerInfo) => {
    if (Id === options.own) return [];
    const by = `the container ${Names?.[0]?.replace(/^\//, "") ?? Id.slice(0, 12)} has`;
    // Those of a volume, too: where the engine keeps it is a folder like any other.
    return Mounts.filter(({ Source }) => Source?.startsWith("/")).map(({ Source, RW }) => {
      return { source: normalPath(Source), writable: RW, by };
    });
  });
}

/** The sources of all binds of all containers that the engine has. */
export async function boundSources(options: RuntimeCallOptions & { readonly engine: Engine }): Promise<string[]> {
  return (await boundByContainers({ ...options, own: undefined })).map(({ source }) => source);
}

/** Both, as it was given and where it leads by now: the engine went there when that container was started. */
async function withRealPath(bound: Bound): Promise<Bound[]> {
  const real = await realpath(bound.source).catch(() => bound.source);
  return real === bound.source ? [bound] : [bound, { ...bound, source: real }];
}
