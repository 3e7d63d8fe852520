// engine-guard.ts FOLDER: waits for the end of its stdin, then ends what a private engine left and removes its folder.
// A process of its own, so that nothing stays when the tests are killed.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";

const folder = process.argv[2] ?? "";
if (!path.basename(folder).startsWith("mcpm-engine-")) throw new Error(`not an engine's folder: "${folder}"`);
// Ctrl-C is for the tests, whose end this one waits for.
process.on("SIGINT", () => {});
process.stdin.resume();
process.stdin.once("end", cleanUp);

function cleanUp(): void {
  // A daemon first: it would start what is killed under it again.
  for (const name of ["dockerd", "containerd"]) killAll((command) => path.basename(command[0] ?? "") === name);
  const shims = killAll((command) => command.includes("-id"));
  for (const id of shims.map((command) => command[command.indexOf("-id") + 1] ?? "")) removeCgroups(id);
  for (const mount of mountsBelow()) execFileSync("umount", ["--lazy", mount]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Kills processes of the engine with what they run, and waits until they are gone. Gives their command lines. */
function killAll(matches: (command: readonly string[]) => boolean): string[][] {
  const killed: string[][] = [];
  for (const [pid, command] of processes()) {
    if (!matches(command) || !command.some((word) => word.startsWith(`${folder}/`))) continue;
    const children = command.includes("-id") ? childrenOf(pid) : [];
    for (const each of [...children, pid]) process.kill(Number(each), "SIGKILL");
    killed.push(command);
    const stays = () => processes().some(([other]) => other === pid);
    for (let tries = 0; tries < 100 && stays(); tries += 1)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  return killed;
}

/** Pid and words of each process that is no zombie. */
function processes(): [string, string[]][] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.flatMap((pid): [string, string[]][] => {
    const command = readProc(`${pid}/cmdline`);
    return command === "" ? [] : [[pid, command.split("\0")]];
  });
}

/** The first process of a container; with it the kernel ends all others. */
function childrenOf(pid: string): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readProc(`${pid}/task/${task}/children`)
      .split(" ")
      .filter((child) => child !== ""),
  );
}

function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, "utf8");
  } catch {
    return ""; // It ended meanwhile.
  }
}

function removeCgroups(id: string): void {
  const roots = ["", ...readdirSync("/sys/fs/cgroup")];
  for (const root of roots) {
    try {
      rmdirSync(path.join("/sys/fs/cgroup", root, "docker", id));
    } catch {} // Not of this kind, or gone.
  }
}

/** Innermost first. */
function mountsBelow(): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return mounts.filter((mount) => mount.startsWith(`${folder}/`)).reverse();
}
