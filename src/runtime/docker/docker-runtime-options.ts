import type { Log } from "../../base/log/log.ts";
import type { DockerTls } from "./engine/docker-address.ts";
import type { ImageVolumes } from "./mounts/image-volumes.ts";

export interface DockerRuntimeOptions {
  /** In the syntax of DOCKER_HOST; undefined is the default socket. */
  readonly dockerHost?: string | undefined;
  /** For a remote engine behind TLS. */
  readonly tls?: DockerTls | undefined;
  /** Folder of Docker's `config.json`, which has the registries' credentials; undefined: pull without. */
  readonly dockerConfigDir?: string | undefined;
  readonly fleet: string;
  /** Host folders that bind mounts may come from. */
  readonly bindRoots: readonly string[];
  /** Where the manager keeps what no server may be given by a mount, as it is now. Default: nowhere. */
  readonly ownPlaces?: (() => readonly string[]) | undefined;
  /** Where files of secrets are made, and the engine finds them at the same path. */
  readonly secretsDir?: string | undefined;
  /** Names of labels that a spec may give a container as they are: see `LabelContext`. Default: none. */
  readonly allowLabels?: readonly string[];
  /**
   * Registries, `host` or `host:port` in lower case, that images are pulled from besides public ones. Default: none.
   */
  readonly registries?: readonly string[] | undefined;
  /** Whether servers are started only where their limits are enforced. Default: no. */
  readonly requireLimits?: boolean | undefined;
  /** The users, as `uid:gid`, as which servers may write to bind mounts; undefined: none. */
  readonly bindUsers?: readonly string[];
  /** What becomes of the VOLUMEs of images that a spec mounts nothing at. Default: they are kept. */
  readonly imageVolumes?: ImageVolumes | undefined;
  /** Blocks of IPv4 addresses for the networks of servers with `bridge`. Default: none, and no such server. */
  readonly subnets?: readonly string[] | undefined;
  readonly log: Log;
  /** Wall clock in milliseconds. */
  readonly now?: () => number;
}
