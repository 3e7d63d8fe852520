import { cpuNsOf } from "../measure/process-memory.ts";

/** What is asked of a load: so many calls in flight for about so long. */
export interface LoadOptions {
  readonly inFlight: number;
  readonly seconds: number;
  /** Of the text that is echoed. */
  readonly textBytes: number;
}

/** What came of it. Every answer was right, or there is no result but an error. */
export interface Load {
  readonly calls: number;
  readonly callsPerS: number;
  /** Microseconds from request to answer. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Processor time, of all threads, of the process between caller and server. Unset: there is none. */
  readonly cpuUs?: number;
}

export function echoText(bytes: number): string {
  return "x".repeat(bytes);
}

/** One who answers calls, and is compared with the others. */
export interface Contender {
  readonly name: string;
  load(options: LoadOptions): Promise<Load>;
}

/** Runs a load, and gives the processor time that a process spends meanwhile. */
export async function cpuDuring<T>(pid: number | undefined, load: () => Promise<T>) {
  if (pid === undefined) return { result: await load() };
  const before = cpuNsOf(pid);
  const result = await load();
  return { result, cpuUs: (cpuNsOf(pid) - before) / 1000 };
}
