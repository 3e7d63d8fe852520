import { fileURLToPath } from "node:url";
import type { CpuProfile } from "./profiler.ts";

/** Time that something took by itself, without what it called. */
export interface SelfTime {
  readonly name: string;
  readonly us: number;
}

type Frame = CpuProfile["nodes"][number]["callFrame"];

const root = fileURLToPath(new URL("../../", import.meta.url));

/** By part of the program: a folder of src/, a package, Node itself; the largest first. */
export function byPart(profile: CpuProfile): SelfTime[] {
  return selfTimes(profile, partOf);
}

/** By function; the largest first. */
export function byFunction(profile: CpuProfile): SelfTime[] {
  return selfTimes(profile, (frame) => `${frame.functionName || "(anonymous)"} ${placeOf(frame)}`.trim());
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, nameOf: (frame: Frame) => string): SelfTime[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, isIdle(callFrame) ? undefined : nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id);
    if (name !== undefined) times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return [...times].map(([name, us]) => ({ name, us })).sort((a, b) => b.us - a.us);
}

/** Or busy with the profile itself. */
function isIdle({ functionName, url }: Frame): boolean {
  return functionName === "(idle)" || functionName === "(root)" || url === "node:inspector";
}

function partOf({ functionName, url }: Frame): string {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (url === "" && /^write/.test(functionName)) return "writes to sockets";
  // Without a place: what V8 and Node do in C++, system calls among it.
  if (url === "") return functionName === "(program)" ? "native, no JavaScript" : "native, by a builtin";
  const [, module] = /^node:(?:internal\/)?(\w+)/.exec(url) ?? [];
  if (module !== undefined) return `node:${module}`;
  const path = pathOf(url);
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return (
    name ??
    path
      .split("/")
      .slice(0, path.startsWith("src/runtime") ? 3 : 2)
      .join("/")
  );
}

function placeOf({ url, lineNumber }: Frame): string {
  return url === "" ? "" : `${pathOf(url).replace(/^.*node_modules\//, "")}:${lineNumber + 1}`;
}

function pathOf(url: string): string {
  return url.startsWith("file://") ? fileURLToPath(url).replace(root, "") : url;
}
