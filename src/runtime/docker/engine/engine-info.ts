import type Docker from "dockerode";
import { type Protection, protections } from "../../protections.ts";
import { statusOf } from "./engine-error.ts";

/** What an engine says of itself. */
export interface EngineInfo {
  readonly unenforced: readonly Protection[];
  /** The engine refuses containers with a limit of CPUs. */
  readonly refusesCpus: boolean;
  /** CPUs of its machine, which it gives no container more of. */
  readonly cpus: number;
  /** How it keeps what containers write. */
  readonly logDriver: "local" | "json-file";
  /**
   * It is Podman, which has the same API and closes a container's stdin when an attachment ends, whatever the container
   * was created with.
   */
  readonly isPodman: boolean;
}

interface Info {
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly CpuCfsPeriod?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly NCPU?: number;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Plugins?: { readonly Log?: readonly string[] | null } | null;
}

/** By `GET /info` and `GET /version`. An engine that does not say, or a proxy in front of it, is taken to enforce nothing. */
export async function askInfo(docker: Docker): Promise<EngineInfo> {
  const [info, isPodman] = await Promise.all([infoOf(docker), saysPodman(docker)]);
  const enforced: Record<Protection, boolean> = {
    memory: info.MemoryLimit === true,
    swap: info.SwapLimit === true,
    cpus: info.CpuCfsPeriod === true && info.CpuCfsQuota === true,
    pids: info.PidsLimit === true,
    seccomp: hasSeccomp(info.SecurityOptions ?? []),
  };
  return {
    unenforced: protections.filter((each) => !enforced[each]),
    cpus: info.NCPU ?? Number.POSITIVE_INFINITY,
    refusesCpus: info.CpuCfsPeriod === false || info.CpuCfsQuota === false,
    // Podman's list has names of its own; `json-file` it takes for one of them.
    logDriver: (info.Plugins?.Log ?? ["local"]).includes("local") ? "local" : "json-file",
    isPodman,
  };
}

/** The engine's version, with its name unless it is Docker's. */
export async function askVersion(docker: Docker): Promise<string> {
  const version = await docker.version();
  return isOfPodman(version) ? `Podman ${version.Version}` : version.Version;
}

async function infoOf(docker: Docker): Promise<Info> {
  return docker.info().catch(nothingIfRefused);
}

async function saysPodman(docker: Docker): Promise<boolean> {
  return isOfPodman(await docker.version().catch(nothingIfRefused));
}

function isOfPodman({ Components: parts }: { readonly Components?: unknown }): boolean {
  return Array.isArray(parts) && parts.some((part: { readonly Name?: unknown } | null) => part?.Name === podman);
}

/** As its API names it. */
const podman = "Podman Engine";

function nothingIfRefused(error: unknown): Record<string, never> {
  if (statusOf(error) === undefined) throw error;
  return {};
}

/** Entries are such as `name=seccomp,profile=builtin`. */
function hasSeccomp(options: readonly string[]): boolean {
  const entry = options.map((option) => option.split(",")).find((parts) => parts.includes("name=seccomp"));
  return entry !== undefined && !entry.includes("profile=unconfined");
}
