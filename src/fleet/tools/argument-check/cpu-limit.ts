import type { Worker } from "node:worker_threads";

export interface CpuLimitOptions {
  /** How much processor time the thread had used before. */
  readonly usedMs: number;
  readonly limitMs: number;
  /** How long it may take by the clock, on a machine that is busy with other things. */
  readonly maxMs: number;
  readonly onOver: () => void;
}

/** Tells once when a thread has used more processor time than it may, or takes too long. Ends when disposed. */
export function cpuLimit(worker: Worker, { usedMs, limitMs, maxMs, onOver }: CpuLimitOptions): Disposable {
  let disposed = false;
  const over = () => {
    if (!disposed) onOver();
  };
  const look = async () => {
    const leftMs = usedMs + limitMs - (await cpuMsOf(worker));
    if (leftMs <= 0) over();
    else if (!disposed) timer = setTimeout(look, leftMs);
  };
  let timer = setTimeout(look, limitMs);
  // What the thread said while this one was busy itself is read between the two.
  const last = setTimeout(() => setImmediate(over), maxMs);
  return {
    [Symbol.dispose]() {
      disposed = true;
      clearTimeout(timer);
      clearTimeout(last);
    },
  };
}

/** A thread that has ended uses nothing. */
async function cpuMsOf(worker: Worker): Promise<number> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return 0;
  }
}
