import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { ParsedServersFiles, ServersFilesInput } from "../../config/servers-file/parse-servers-files.ts";

/** Beside this file; in the bundle, beside main. */
const workerFile = new URL(`./parse-worker${extname(import.meta.url)}`, import.meta.url);
/** Two hundred servers take half a second where the machine is busy. */
const maxMs = 30_000;
const maxHeapMb = 256;

/**
 * Reads servers files in a thread of its own: it takes hundreds of milliseconds, for which no call shall wait. Throws when
 * it takes too long, and the reason of the signal.
 */
export async function parseApart(
  input: ServersFilesInput,
  { signal }: { readonly signal: AbortSignal },
): Promise<ParsedServersFiles> {
  const worker = new Worker(workerFile, {
    workerData: input,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  const { promise, resolve, reject } = Promise.withResolvers<ParsedServersFiles>();
  const tooLong = () => reject(new Error(`the servers file took more than ${maxMs / 1000} s to read`));
  const timer = setTimeout(tooLong, maxMs).unref();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the thread that reads the servers file ended with code ${code}`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
