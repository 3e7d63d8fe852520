import { readFileSync, writeFileSync } from "node:fs";

/** The most memory that a process has had since it was last forgotten, and what it has now, in bytes. Linux only. */
export function memoryOf(pid: number | "self"): { readonly peakBytes: number; readonly nowBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  return { peakBytes: bytes("VmHWM"), nowBytes: bytes("VmRSS") };
}

/** The peak begins anew with what the process has now. */
export function forgetPeak(pid: number | "self"): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Processor time that a process has used, all its threads, in nanoseconds; in steps of 10 ms. */
export function cpuNsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000_000;
}

/** How long the main thread of a process was ready to run and had no processor, in nanoseconds. */
export function withoutProcessorNsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[1]);
}
