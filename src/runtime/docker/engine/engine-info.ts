import type Docker from "dockerode";
import { type Protection, protections } from "../../protections.ts";
import { statusOf } from "./engine-error.ts";

/** What an engine says of what it enforces, by `GET /info`. */
export interface EngineInfo {
  readonly unenforced: readonly Protection[];
  /** The engine refuses containers with a limit of CPUs. */
  readonly refusesCpus: boolean;
  /** CPUs of its machine, which it gives no container more of. */
  readonly cpus: number;
  /** Users of containers have other numbers on its machine. */
  readonly mapsUsers: boolean;
}

interface Info {
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly CpuCfsPeriod?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly NCPU?: number;
  readonly SecurityOptions?: readonly string[] | null;
}

/** An engine that does not say, or a proxy in front of it, is taken to enforce nothing. */
export async function askInfo(docker: Docker): Promise<EngineInfo> {
  const info: Info = await docker.info().catch((error: unknown) => {
    if (statusOf(error) === undefined) throw error;
    return {};
  });
  const enforced: Record<Protection, boolean> = {
    memory: info.MemoryLimit === true,
    swap: info.SwapLimit === true,
    cpus: info.CpuCfsPeriod === true && info.CpuCfsQuota === true,
    pids: info.PidsLimit === true,
    seccomp: hasSeccomp(info.SecurityOptions ?? []),
  };
  return {
    unenforced: protections.filter((each) => !enforced[each]),
    mapsUsers: (info.SecurityOptions ?? []).some((option) => /\bname=(?:rootless|userns)\b/.test(option)),
    cpus: info.NCPU ?? Number.POSITIVE_INFINITY,
    refusesCpus: info.CpuCfsPeriod === false || info.CpuCfsQuota === false,
  };
}

/** Entries are such as `name=seccomp,profile=builtin`. */
function hasSeccomp(options: readonly string[]): boolean {
  const entry = options.map((option) => option.split(",")).find((parts) => parts.includes("name=seccomp"));
  return entry !== undefined && !entry.includes("profile=unconfined");
}
