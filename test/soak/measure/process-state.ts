import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** What a process holds, by Linux's word. */
export interface ProcessState {
  /** Open files by what they are, e.g. `socket`. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** TCP ports that it listens on. */
  readonly ports: readonly number[];
  /** Processes that it started, zombies among them. */
  readonly children: number;
}

/** Once it was the same twice: what a start opened is closed by then. */
export async function steadyStateOf(pid: number): Promise<ProcessState> {
  for (let before = ""; ; await delay(1_000)) {
    const state = stateOf(pid);
    if (JSON.stringify(state) === before) return state;
    before = JSON.stringify(state);
  }
}

export function stateOf(pid: number): ProcessState {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  const descriptors: Record<string, number> = {};
  for (const link of links) {
    const kind = link.replace(/[:/].*/, "") || "file";
    descriptors[kind] = (descriptors[kind] ?? 0) + 1;
  }
  return { descriptors, ports: listeningOn(pid, new Set(links)), children: childrenOf(pid) };
}

/** Closed since the folder was read: none. */
function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

function listeningOn(pid: number, links: ReadonlySet<string>): number[] {
  const rows = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1),
  );
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === "0A" && links.has(`socket:[${inode}]`) ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}

/** By every process's word who its parent is: not every kernel tells a parent's children. */
function childrenOf(pid: number): number {
  const others = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  return others.filter((other) => parentOf(other) === pid).length;
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined; // It ended.
  }
}

export function total({ descriptors }: ProcessState): number {
  return Object.values(descriptors).reduce((sum, count) => sum + count, 0);
}
