import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** Bytes on the heap that something still refers to. */
export function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
