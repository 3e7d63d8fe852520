import { create, fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ServerSpecSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { startRequestSchema } from "../../../src/operations/requests/request-schema.ts";
import { validate } from "../../../src/operations/requests/validate.ts";
import { specFromProto } from "../../../src/rpc/convert/spec-from-proto.ts";

/** What is wrong with a Start of this spec, which is in the proto's JSON form. */
function problems(spec: JsonObject, name = "s"): string[] {
  const message = fromJson(ServerSpecSchema, { image: "i", ...spec });
  try {
    validate(startRequestSchema, { name, spec: specFromProto(message) });
    return [];
  } catch (error) {
    if (!(error instanceof ManagerError)) throw error;
    return (error.details.violations ?? []).map(({ field, description }) => `${field}: ${description}`);
  }
}

const strings = (count: number) => Array.from({ length: count }, (_, index) => `x${index}`);
const bind = { type: "MOUNT_TYPE_BIND", source: "/data", target: "/data" };

describe("startRequestSchema", () => {
  it.each(["a", "0", "fs", "my-server-2", "a".repeat(48)])("takes the server name %s", (name) => {
    expect(problems({}, name)).toEqual([]);
  });

  it.each(["", "-a", "a-", "A", "a_b", "a.b", "ä", "a\n", "a".repeat(49)])("refuses the server name %j", (name) => {
    expect(problems({}, name)).toEqual([expect.stringMatching(/^name: must be 1 to 48 of/)]);
  });

  it("takes a spec with everything in it", () => {
    expect(
      problems({
        image: "registry.example:5000/mcp/filesystem:latest@sha256:0123",
        command: ["node", "--flag=\n", ""],
        args: ["/data"],
        env: { A: "", _b1: "x=y\n" },
        mounts: [
          bind,
          { type: "MOUNT_TYPE_VOLUME", source: "cache.v-1", target: "/cache", writable: true },
          { type: "MOUNT_TYPE_TMPFS", target: "/tmp/x" },
        ],
        limits: { cpus: 0.01, memoryBytes: "6291456", pids: "1" },
        network: { bridge: {} },
        workingDir: "/",
        user: "1000:1000",
        readOnlyRoot: false,
        capAdd: ["NET_BIND_SERVICE"],
        era: "ERA_LEGACY",
        pullPolicy: "PULL_POLICY_ALWAYS",
        restart: { policy: "RESTART_POLICY_NEVER" },
        handshakeTimeout: "0.001s",
        callTimeout: "86400s",
        labels: { team: "a", "com.example/x": "" },
        callLimits: { maxInFlight: 1, maxQueued: 0 },
      }),
    ).toEqual([]);
  });

  it("takes the largest values that the proto allows", () => {
    expect(
      problems({
        image: "i".repeat(512),
        command: strings(256),
        args: strings(1024),
        env: { A: "x".repeat(130_999) },
        mounts: strings(64).map((name) => ({ ...bind, target: `/${name}` })),
        labels: Object.fromEntries(strings(64).map((name) => [name, ""])),
        handshakeTimeout: "3600s",
        callLimits: { maxInFlight: 100_000, maxQueued: 100_000 },
      }),
    ).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ["an empty image", { image: "" }, "spec.image: must be set"],
    ["a long image", { image: "i".repeat(513) }, "spec.image: must have at most 512 characters"],
    ["spaces in the image", { image: "a b" }, "spec.image: must be printable ASCII without spaces"],
    ["a NUL in the image", { image: "a\0" }, "spec.image: must be printable ASCII without spaces"],
    ["too much command", { command: strings(257) }, "spec.command: must have at most 256 entries"],
    ["too many args", { args: strings(1025) }, "spec.args: must have at most 1024 entries"],
    ["a NUL in an argument", { args: ["a", "b\0"] }, "spec.args[1]: must not hold a NUL character"],
    ["an endless argument", { command: ["é".repeat(65_501)] }, "spec.command[0]: must have at most 131000 bytes"],
    ["a dash in an env name", { env: { "A-B": "x" } }, 'spec.env["A-B"]: the name must match ^[A-Za-z_][A-Za-z0-9_]*$'],
    ["an env name that is empty", { env: { "": "x" } }, 'spec.env[""]: the name must match ^[A-Za-z_][A-Za-z0-9_]*$'],
    ["a NUL in an env value", { env: { A: "\0" } }, 'spec.env["A"]: must not hold a NUL character'],
    [
      "an endless env entry",
      { env: { AB: "x".repeat(130_999) } },
      'spec.env["AB"]: name and value must have at most 131000 bytes',
    ],
    [
      "a mount without a type",
      { mounts: [{ target: "/a" }] },
      "spec.mounts[0].type: must be set: BIND, VOLUME or TMPFS",
    ],
    [
      "a mount of type 9",
      { mounts: [bind, { type: 9, target: "/a" }] },
      "spec.mounts[1].type: must be set: BIND, VOLUME or TMPFS",
    ],
    ["a bind without a source", { mounts: [{ ...bind, source: "" }] }, "spec.mounts[0].source: must be set"],
    ["a relative source", { mounts: [{ ...bind, source: "data" }] }, "spec.mounts[0].source: must be an absolute path"],
    ["a source with ..", { mounts: [{ ...bind, source: "/a/../etc" }] }, "spec.mounts[0].source: must not hold '..'"],
    [
      "a volume without a name",
      { mounts: [{ type: "MOUNT_TYPE_VOLUME", target: "/a" }] },
      "spec.mounts[0].source: must be set",
    ],
    [
      "a volume with a path",
      { mounts: [{ type: "MOUNT_TYPE_VOLUME", source: "/a", target: "/a" }] },
      "spec.mounts[0].source: must be a volume name of 2 to 128 characters",
    ],
    [
      "a tmpfs with a source",
      { mounts: [{ type: "MOUNT_TYPE_TMPFS", source: "/a", target: "/a" }] },
      "spec.mounts[0].source: must be empty for TMPFS",
    ],
    [
      "a mount without a target",
      { mounts: [{ ...bind, target: "" }] },
      "spec.mounts[0].target: must be an absolute path",
    ],
    ["a relative target", { mounts: [{ ...bind, target: "data" }] }, "spec.mounts[0].target: must be an absolute path"],
    ["a target of /", { mounts: [{ ...bind, target: "/" }] }, "spec.mounts[0].target: must not be the root"],
    ["a target of //./", { mounts: [{ ...bind, target: "//./" }] }, "spec.mounts[0].target: must not be the root"],
    ...["/proc", "//proc/./self/", "/sys/firmware", "/sys/fs/cgroup"].map((target): [string, JsonObject, string] => [
      `a target of ${target}`,
      { mounts: [{ ...bind, target }] },
      "spec.mounts[0].target: must not be in /proc or /sys, which are the engine's own",
    ]),
    ...["/dev/", "/sbin//docker-init"].map((target): [string, JsonObject, string] => [
      `a target of ${target}`,
      { mounts: [{ ...bind, target }] },
      "spec.mounts[0].target: must not be the engine's own /dev or /sbin/docker-init",
    ]),
    [
      "too many mounts",
      { mounts: strings(65).map((name) => ({ ...bind, target: `/${name}` })) },
      "spec.mounts: must have at most 64 entries",
    ],
    [
      "two mounts in one place",
      { mounts: [bind, { ...bind, target: "/./data/" }] },
      "spec.mounts[1].target: is the target of another mount, too",
    ],
    [
      "too many variables",
      { env: Object.fromEntries(strings(1025).map((name) => [name, ""])) },
      "spec.env: must have at most 1024 entries",
    ],
    [
      "an environment that no program can start with",
      { env: Object.fromEntries(strings(17).map((name) => [name, "x".repeat(130_000)])) },
      "spec.env: must have at most 2097152 bytes, all names and values together",
    ],
    [
      "more mounts than allowed, whatever they are",
      { mounts: Array(65).fill({}) },
      "spec.mounts: must have at most 64 entries",
    ],
    [
      "more arguments than allowed, whatever they are",
      { args: Array(1025).fill("\0") },
      "spec.args: must have at most 1024 entries",
    ],
    [
      "more labels than allowed, whatever they are",
      { labels: Object.fromEntries(strings(65).map((name) => [`mcpm.${name}`, ""])) },
      "spec.labels: must have at most 64 entries",
    ],
    [
      "a target of a million dots",
      { mounts: [{ type: "MOUNT_TYPE_TMPFS", target: "/.".repeat(1_000_000) }] },
      "spec.mounts[0].target: must have at most 4096 characters",
    ],
    ["too many CPUs", { limits: { cpus: 1025 } }, "spec.limits.cpus: must be at most 1024"],
    ["too few CPUs", { limits: { cpus: 0.001 } }, "spec.limits.cpus: must be at least 0.01"],
    ["no CPUs", { limits: { cpus: 0 } }, "spec.limits.cpus: must be at least 0.01"],
    ["CPUs that are no number", { limits: { cpus: "NaN" } }, "spec.limits.cpus: must be a number"],
    ["endless CPUs", { limits: { cpus: "Infinity" } }, "spec.limits.cpus: must be a number"],
    [
      "too little memory",
      { limits: { memoryBytes: "6291455" } },
      "spec.limits.memory_bytes: must be at least 6 MiB (6291456)",
    ],
    [
      "negative memory",
      { limits: { memoryBytes: "-1" } },
      "spec.limits.memory_bytes: must be at least 6 MiB (6291456)",
    ],
    [
      "memory beyond 2^53",
      { limits: { memoryBytes: "9223372036854775807" } },
      "spec.limits.memory_bytes: must be below 2^53",
    ],
    ["no processes", { limits: { pids: "0" } }, "spec.limits.pids: must be at least 1"],
    ["too many processes", { limits: { pids: "4194305" } }, "spec.limits.pids: must be at most 4194304"],
    ["processes beyond 2^53", { limits: { pids: "9223372036854775807" } }, "spec.limits.pids: must be at most 4194304"],
    ["a network without a kind", { network: {} }, "spec.network: must be none or bridge"],
    ["a relative working directory", { workingDir: "data" }, "spec.working_dir: must be an absolute path"],
    ["a user with a space", { user: "a b" }, "spec.user: must be user, uid, user:group or uid:gid"],
    ["a user with an empty group", { user: "a:" }, "spec.user: must be user, uid, user:group or uid:gid"],
    [
      "a capability with CAP_",
      { capAdd: ["CAP_NET_RAW"] },
      "spec.cap_add[0]: must be a capability without CAP_, e.g. NET_BIND_SERVICE",
    ],
    ["an era of number 9", { era: 9 }, "spec.era: must be unset, LEGACY or MODERN"],
    ["a pull policy of number 9", { pullPolicy: 9 }, "spec.pull_policy: must be IF_MISSING, NEVER or ALWAYS"],
    ...[9, -1].map((policy): [string, JsonObject, string] => [
      `the restart policy ${policy}`,
      { restart: { policy } },
      "spec.restart.policy: must be NEVER, ON_FAILURE or ALWAYS",
    ]),
    [
      "a negative number of restarts",
      { restart: { maxRestarts: -1 } },
      "spec.restart.max_restarts: must not be negative",
    ],
    [
      "a first pause longer than the longest",
      { restart: { initialBackoff: "2s", maxBackoff: "1s" } },
      "spec.restart.max_backoff: must not be shorter than initial_backoff",
    ],
    [
      "no pause between restarts",
      { restart: { initialBackoff: "0s" } },
      "spec.restart.initial_backoff: must be at least 1 ms",
    ],
    ["a negative interval of checks", { health: { interval: "-1s" } }, "spec.health.interval: must not be negative"],
    ["no time for a check", { health: { timeout: "0s" } }, "spec.health.timeout: must be at least 1 ms"],
    [
      "a threshold of no checks",
      { health: { failureThreshold: 0 } },
      "spec.health.failure_threshold: must be at least 1",
    ],
    ["an idle time of nothing", { idleTimeout: "0s" }, "spec.idle_timeout: must be at least 1 ms"],
    ["no copies", { replicas: 0 }, "spec.replicas: must be at least 1"],
    ["fewer than no copies", { replicas: -1 }, "spec.replicas: must be at least 1"],
    ["a directory that breaks two rules", { workingDir: "../x" }, "spec.working_dir: must be an absolute path"],
    ["an image that breaks two rules", { image: " ".repeat(513) }, "spec.image: must have at most 512 characters"],
    ["33 copies", { replicas: 33 }, "spec.replicas: must be at most 32"],
    ["no time for the handshake", { handshakeTimeout: "0s" }, "spec.handshake_timeout: must be at least 1 ms"],
    ["negative time for the handshake", { handshakeTimeout: "-1s" }, "spec.handshake_timeout: must be at least 1 ms"],
    [
      "too much time for the handshake",
      { handshakeTimeout: "3600.001s" },
      "spec.handshake_timeout: must be at most 1 h",
    ],
    ["no time for calls", { callTimeout: "0.0009s" }, "spec.call_timeout: must be at least 1 ms"],
    ["too much time for calls", { callTimeout: "86401s" }, "spec.call_timeout: must be at most 24 h"],
    [
      "the manager's own label",
      { labels: { "managed-by": "x" } },
      'spec.labels["managed-by"]: the name is the manager\'s own',
    ],
    [
      "a label of the manager's",
      { labels: { "mcpm.fleet": "x" } },
      'spec.labels["mcpm.fleet"]: the name is the manager\'s own',
    ],
    ["a label without a name", { labels: { "": "x" } }, 'spec.labels[""]: the name must not be empty'],
    [
      "too many labels",
      { labels: Object.fromEntries(strings(65).map((name) => [name, ""])) },
      "spec.labels: must have at most 64 entries",
    ],
    ["no calls at all", { callLimits: { maxInFlight: 0 } }, "spec.call_limits.max_in_flight: must be at least 1"],
    [
      "too many calls",
      { callLimits: { maxInFlight: 100_001 } },
      "spec.call_limits.max_in_flight: must be at most 100000",
    ],
    ["a negative queue", { callLimits: { maxQueued: -1 } }, "spec.call_limits.max_queued: must not be negative"],
    ["an endless queue", { callLimits: { maxQueued: 100_001 } }, "spec.call_limits.max_queued: must be at most 100000"],
  ])("refuses %s", (_what, spec, problem) => {
    expect(problems(spec)).toEqual([problem]);
  });

  it("refuses a spec that its container's label can't hold, env values apart", () => {
    const args = (count: number) => ({ args: Array.from({ length: count }, () => "x".repeat(6000)) });
    expect(problems({ ...args(10), env: { A: "x".repeat(100_000) } })).toEqual([]);
    expect(problems(args(11))).toEqual(["spec: is 66055 bytes as JSON without env values; at most 65536 are allowed"]);
  });

  it("names every broken rule at once", () => {
    expect(problems({ image: "", env: { "A-B": "" }, limits: { pids: "0" }, workingDir: "x" })).toHaveLength(4);
  });

  it("refuses the name __proto__, which would get lost", () => {
    const map = JSON.parse('{"__proto__":"x","A":"y"}');
    const spec = specFromProto(create(ServerSpecSchema, { image: "i", env: map, labels: map }));
    expect(() => validate(startRequestSchema, { name: "s", spec })).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          violations: [
            { field: 'spec.env["__proto__"]', description: "the name __proto__ is not possible" },
            { field: 'spec.labels["__proto__"]', description: "the name __proto__ is not possible" },
          ],
        }),
      }),
    );
  });
});
