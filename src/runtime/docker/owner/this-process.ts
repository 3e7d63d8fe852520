import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { Holder } from "./lock.ts";

/** Who this manager is. */
export async function thisHolder(options: { readonly now: () => number }): Promise<Holder> {
  const since = new Date(options.now()).toISOString();
  const processKey = await thisProcessKey().catch(() => undefined);
  return {
    host: hostname(),
    pid: process.pid,
    since,
    ...(processKey === undefined ? {} : { processKey: processKey.join("/") }),
  };
}

/**
 * Whether a process is dead for certain: it was of this boot of this machine and in this process's own pid namespace,
 * and its pid is nobody's, a zombie's, or somebody's who started at another time. False: nobody knows.
 */
export async function isDead(processKey: string | undefined): Promise<boolean> {
  const [boot, namespace, pid, startTime] = processKey?.split("/") ?? [];
  if (startTime === undefined) return false;
  try {
    const [thisBoot, thisNamespace] = await thisProcessKey();
    if (boot !== thisBoot || namespace !== thisNamespace) return false;
    // Where not even process 1 can be seen (hidepid), others can't, either.
    if ((await statOf("1")) === undefined) return false;
    const stat = await statOf(pid ?? "");
    return stat === undefined || stat.startTime !== startTime || stat.state === "Z" || stat.state === "X";
  } catch {
    return false;
  }
}

/** Boot, pid namespace, pid and start time. Throws where there is no Linux /proc. */
async function thisProcessKey(): Promise<string[]> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const namespace = await readlink("/proc/self/ns/pid");
  const stat = await statOf("self");
  if (stat === undefined) throw new Error("/proc does not show this process");
  return [boot, namespace, String(process.pid), stat.startTime];
}

/** proc(5): state and start time are fields 3 and 22; field 2, the name, is in brackets and may hold anything. */
async function statOf(pid: string): Promise<{ state: string; startTime: string } | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTime: fields[19] ?? "" };
  } catch (error) {
    const { code } = error as { code?: string };
    // ESRCH: it ended while it was read.
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}
