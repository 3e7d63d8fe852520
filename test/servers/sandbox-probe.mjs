// Tells, as one line of JSON on stdout, what this container may do.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const cgroup = "/sys/fs/cgroup";

function attempt(work) {
  try {
    work();
    return "ok";
  } catch (error) {
    return error.code;
  }
}

function status(key) {
  return new RegExp(`^${key}:\\s*(\\S+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))?.[1];
}

/** The first of these files that exists: control groups have two versions. */
function limit(...files) {
  const file = files.map((name) => `${cgroup}/${name}`).find((name) => existsSync(name));
  return file && readFileSync(file, "utf8").trim();
}

const mounts = readFileSync("/proc/mounts", "utf8").split("\n");

console.log(
  JSON.stringify({
    writeRoot: attempt(() => writeFileSync("/written", "x")),
    writeWorkingDir: attempt(() => writeFileSync("written", "x")),
    writeTmp: attempt(() => writeFileSync("/tmp/written", "x")),
    fillTmp: attempt(() => writeFileSync("/tmp/large", Buffer.alloc(80 * 1024 * 1024))),
    tmpOptions: mounts
      .find((line) => line.split(" ")[1] === "/tmp")
      ?.split(" ")[3]
      ?.split(","),
    mounted: mounts.map((line) => line.split(" ")[1]),
    interfaces: readdirSync("/sys/class/net"),
    capabilities: status("CapEff"),
    boundingSet: status("CapBnd"),
    noNewPrivileges: status("NoNewPrivs"),
    seccomp: status("Seccomp"),
    processOne: readFileSync("/proc/1/comm", "utf8").trim(),
    uid: process.getuid(),
    env: process.env.PROBE,
    workingDir: process.cwd(),
    memory: limit("memory.max", "memory/memory.limit_in_bytes"),
    pids: limit("pids.max", "pids/pids.max"),
    cpu: limit("cpu.max", "cpu/cpu.cfs_quota_us"),
    dockerSocket: existsSync("/var/run/docker.sock"),
  }),
);
