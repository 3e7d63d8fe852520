import { randomUUID } from "node:crypto";
import { readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { ManagerError } from "../../../base/errors/errors.ts";
import type { Log } from "../../../base/log/log.ts";
import { secretFolders } from "../../../base/spec/secret-places.ts";
import type { SecretValues } from "../../../base/spec/secret-values.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import { normalPath } from "../../../base/text/normal-path.ts";
import { isWithin } from "../mounts/bind-source.ts";
import { type FileOwner, giveFolder, makeFolder, putFiles } from "./write-files.ts";

/** Of Linux's tmpfs and ramfs, which are in memory alone. */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

export interface SecretFilesOptions {
  readonly dir: string;
  readonly fleet: string;
  /** Who the manager is. */
  readonly uid: number;
  readonly log: Log;
}

/** A bind of a container, as the engine lists it. */
interface ListedMount {
  readonly Source: string;
  readonly Destination: string;
}

interface PutOptions {
  /** The folders that the container has. */
  readonly mounts: readonly ListedMount[];
  readonly values: SecretValues;
  readonly owner: FileOwner;
}

/** The folders of one container that is being made. */
export interface MadeFolders extends AsyncDisposable {
  readonly mounts: Docker.MountSettings[];
  /** The container is there, and has them: disposing leaves them to it. */
  keep(): void;
}

/**
 * Files of secrets, which containers have as read-only binds: a folder a container, so that a file can take another's
 * place in it. (A bound file would stay the old one, and the engine puts nothing into a container's tmpfs.)
 */
export class SecretFiles {
  readonly #options: SecretFilesOptions;
  /** Folders of containers that are being made, by name: nobody else has them yet. */
  readonly #making = new Set<string>();
  #isToldOfDisk = false;

  constructor(options: SecretFilesOptions) {
    this.#options = options;
  }

  /** The folder of this fleet; that around it may be shared with other managers. */
  get #root(): string {
    return join(this.#options.dir, this.#options.fleet);
  }

  /** Whether a bind's source is a folder of such files. No spec can name one: they are the manager's own. */
  has(source: string): boolean {
    return source !== this.#root && isWithin(source, this.#root);
  }

  /** Throws `denied` where no container can be given files of this machine. */
  check(spec: ServerSpec, { isRemote, mapsUsers }: { readonly isRemote: boolean; readonly mapsUsers: boolean }): void {
    if (spec.secretFiles === undefined) return;
    if (isRemote) throw refused("needs an engine on the manager's own machine, and DOCKER_HOST is remote: use secrets");
    if (mapsUsers) throw refused("needs an engine that does not map users (rootless, userns-remap): use secrets");
  }

  /** Makes the folders that a spec asks for, with the files in them. Throws `denied` when they can't be made. */
  async make(
    spec: ServerSpec,
    { values, owner }: { readonly values: SecretValues; readonly owner: FileOwner },
  ): Promise<MadeFolders> {
    await this.#open();
    const name = randomUUID();
    const home = join(this.#root, name);
    this.#making.add(name);
    let isKept = false;
    const dispose = async () => {
      if (!isKept) await rm(home, { recursive: true, force: true });
      this.#making.delete(name);
    };
    try {
      await makeFolder(home);
      const folders = [...secretFolders(spec).keys()];
      const mounts = folders.map((Target, index) => readOnlyBind({ Source: join(home, String(index)), Target }));
      await this.#put(spec, {
        mounts: mounts.map(({ Source, Target }) => ({ Source, Destination: Target })),
        values,
        owner,
      });
      return { mounts, keep: () => (isKept = true), [Symbol.asyncDispose]: dispose };
    } catch (error) {
      await dispose();
      throw error;
    }
  }

  /** Puts values in place in the folders that a container has; what is gone is made again. */
  async update(spec: ServerSpec, options: PutOptions): Promise<void> {
    await this.#open();
    await this.#put(spec, { ...options, mounts: options.mounts.filter(({ Source }) => this.has(Source)) });
  }

  async #put(spec: ServerSpec, { mounts, values, owner }: PutOptions): Promise<void> {
    try {
      for (const [target, names] of secretFolders(spec)) {
        const folder = mounts.find(({ Destination }) => normalPath(Destination) === target)?.Source;
        if (folder === undefined) continue;
        const contents = [...names.keys()].map((name) => [name, values.file(`${target}/${name}`)] as const);
        const files = new Map(contents.flatMap(([name, content]) => (content === undefined ? [] : [[name, content]])));
        await makeFolder(join(folder, ".."));
        await putFiles(folder, { files, owner });
      }
    } catch (error) {
      throw this.#unusable(error as NodeJS.ErrnoException, owner);
    }
  }

  /**
   * Removes the folders that no container has: of one that was removed, and of one that a manager died over. `inUse`
   * gives the sources of all binds, and is asked once it is known which folders there are.
   */
  async sweep(inUse: () => Promise<readonly string[]>): Promise<void> {
    const found = await readdir(this.#root).catch(() => []);
    const settled = found.filter((name) => !this.#making.has(name));
    if (settled.length === 0) return;
    const sources = await inUse();
    for (const name of settled) {
      const home = join(this.#root, name);
      if (!sources.some((source) => isWithin(source, home))) await rm(home, { recursive: true, force: true });
    }
  }

  /** Nobody but the manager may change the folder, or its files could be swapped for others. */
  async #open(): Promise<void> {
    const { dir, uid, log } = this.#options;
    try {
      await makeFolder(dir);
      const found = await stat(dir);
      if ((found.uid !== uid && found.uid !== 0) || (found.mode & 0o022) !== 0) {
        throw refused(`MCPM_SECRETS_DIR=${dir} must be the manager's own, closed to others: chown ${uid}, chmod 700`);
      }
      await giveFolder(this.#root, { uid, gid: -1 });
      if (!this.#isToldOfDisk && !inMemory.has((await statfs(dir)).type)) {
        this.#isToldOfDisk = true;
        log.warn("MCPM_SECRETS_DIR is not in memory: values of secrets are written to a disk", { dir });
      }
    } catch (error) {
      if (error instanceof ManagerError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw refused(`MCPM_SECRETS_DIR=${dir} can't be used (${code}): make it the manager's own, closed to others`);
    }
  }

  #unusable(error: NodeJS.ErrnoException, owner: FileOwner): unknown {
    const { uid } = this.#options;
    if (error.code === "EPERM") {
      const why = `the manager is user ${uid}, and may give files to no other user: this server is user ${owner.uid}`;
      return refused(`${why}. Set user to ${uid}, or use secrets`);
    }
    return error.code === undefined ? error : refused(`files of secrets can't be written (${error.code})`);
  }
}

/** From `uid:gid`. Throws `denied` when an image does not say whose the files are to be. */
export function fileOwner(owner: string | undefined): FileOwner {
  const [uid, gid] = owner?.split(":").map(Number) ?? [];
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  throw refused("the image does not say which user its server is: set user to numbers, e.g. 1000:1000");
}

function refused(description: string): ManagerError {
  const violation = { field: "spec.secret_files", description };
  return new ManagerError("denied", `${violation.field}: ${description}`, {
    details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent", violations: [violation] },
  });
}

function readOnlyBind({ Source, Target }: { readonly Source: string; readonly Target: string }): Docker.MountSettings {
  const BindOptions = { NonRecursive: true, Propagation: "rprivate" };
  return { Type: "bind", Source, Target, ReadOnly: true, BindOptions } as Docker.MountSettings;
}
