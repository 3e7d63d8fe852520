import type { JsonValue } from "@bufbuild/protobuf";

/** A value that breaks the rule of the field at its path, or makes another one break its own. */
export type Violation = readonly [path: string, value: JsonValue, blamed?: string];

/** A request that breaks no rule, and values for it of which each breaks one, named by the path alone. */
export interface Breakable {
  readonly sound: { readonly [field: string]: JsonValue };
  readonly violations: readonly Violation[];
}

const texts = (count: number, text = "x") => Array.from({ length: count }, (_, index) => `${text}${index}`);
const entries = (count: number) => Object.fromEntries(texts(count).map((name) => [name, ""]));
const deep = (levels: number): JsonValue => (levels === 0 ? {} : { a: deep(levels - 1) });
const badNames = ["", "Bad", "-a", "a_b", "x".repeat(49)];
const names = (field: string): Violation[] => badNames.map((name) => [field, name]);
const jsonTexts = (field: string): Violation[] =>
  ["[1]", "{", "{}{}", `${'{"a":'.repeat(129)}1${"}".repeat(129)}`].map((text) => [field, text]);
const durations = (field: string, beyond: string): Violation[] => [
  [field, "-1s"],
  [field, beyond],
];
const grace = durations("grace_period", "3600.000000001s");
const pages = (field = "page_size"): Violation[] => [
  [field, -1],
  [field, 1001],
  ["page_token", "!"],
  ["page_token", "x".repeat(1025)],
];
const path = "/".padEnd(4097, "x");

const texts8192 = (field: string): Violation[] => [
  [field, ""],
  [field, "x".repeat(8193)],
];
const asked: Violation[] = [
  ...jsonTexts("meta_json"),
  ...jsonTexts("client_capabilities_json"),
  ...jsonTexts("input_responses_json"),
  ["input_responses_json", "{}"],
  ["request_state", "of a server that has none"],
];

const calls: Violation[] = [
  ...names("server"),
  ["tool", ""],
  ["tool", "x".repeat(8193)],
  ["arguments", deep(128)],
  ["arguments.n", 2 ** 53],
  ["arguments", { list: [1, -(2 ** 60)] }, "arguments.list[1]"],
  ...jsonTexts("arguments_json"),
  ["result_format", 99],
  ...jsonTexts("meta_json"),
  ...jsonTexts("client_capabilities_json"),
  ...jsonTexts("input_responses_json"),
  ["input_responses_json", "{}"],
  ["request_state", "of a server that has none"],
  ["idempotency_key", "ä"],
  ["idempotency_key", "x".repeat(129)],
];

/** One entry an RPC with fields. A server `h` of the legacy era is there. */
export const breakable: Readonly<Record<string, Breakable>> = {
  Start: {
    sound: {
      name: "x",
      spec: {
        image: "i",
        mounts: [
          { type: "MOUNT_TYPE_BIND", source: "/a", target: "/a" },
          { type: "MOUNT_TYPE_VOLUME", source: "vol", target: "/b" },
          { type: "MOUNT_TYPE_TMPFS", target: "/c" },
        ],
      },
    },
    violations: [
      ...names("name"),
      ["spec", { image: "i", args: texts(1000, "x".repeat(70)) }],
      ...["", "a b", "ä", "a\0", "i".repeat(513)].map((image): Violation => ["spec.image", image]),
      ["spec.command", texts(257)],
      ["spec.command[0]", "a\0"],
      ["spec.command[0]", "é".repeat(65_501)],
      ["spec.args", texts(1025)],
      ["spec.args[0]", "\0"],
      ["spec.args[0]", "x".repeat(131_001)],
      ["spec.env", entries(1025)],
      ['spec.env["A-B"]', "x"],
      ['spec.env[""]', "x"],
      ['spec.env["A"]', "\0"],
      ['spec.env["A"]', "x".repeat(131_000)],
      ["spec.mounts", texts(65).map((name) => ({ type: "MOUNT_TYPE_TMPFS", target: `/${name}` }))],
      ["spec.mounts[0].type", 0],
      ["spec.mounts[0].type", 99],
      ...["", "a", "/a/../b", "/\0", path].map((source): Violation => ["spec.mounts[0].source", source]),
      ...["", "/a", "a", "-vol", "v".repeat(129)].map((source): Violation => ["spec.mounts[1].source", source]),
      ["spec.mounts[2].source", "/a"],
      ...["", "a", "/", "/.", "/../x", "//dev/", "/proc/x", "/sys/./x", path].map(
        (target): Violation => ["spec.mounts[0].target", target],
      ),
      ["spec.mounts[1].target", "//a/"],
      ...[0, 1].map((uid): Violation => ["spec.mounts[0].uid", uid]),
      ["spec.mounts[1].uid", -1],
      ["spec.mounts[0].mode", "0700"],
      ...["755x", "8", "2755", "0o755", "rwx"].map((mode): Violation => ["spec.mounts[2].mode", mode]),
      ["spec.mounts[0].size_bytes", "65536"],
      ["spec.mounts[1].size_bytes", "65536"],
      ...["65535", "-1", "9007199254740992"].map((bytes): Violation => ["spec.mounts[2].size_bytes", bytes]),
      ...[0, 0.009, -1, 1025, "NaN", "Infinity"].map((cpus): Violation => ["spec.limits.cpus", cpus]),
      ...["6291455", "-1", "9007199254740993"].map((bytes): Violation => ["spec.limits.memory_bytes", bytes]),
      ...["0", "-1", "4194305"].map((pids): Violation => ["spec.limits.pids", pids]),
      ["spec.network", {}],
      ...["a", "/a/../b", path].map((folder): Violation => ["spec.working_dir", folder]),
      ...["a b", "a:", ":a", "-a", "a:b:c", "a".repeat(65)].map((user): Violation => ["spec.user", user]),
      ["spec.cap_add", texts(65, "A").map(() => "CHOWN")],
      ...["CAP_CHOWN", "chown", "", "A".repeat(65)].map((cap): Violation => ["spec.cap_add[0]", cap]),
      ["spec.era", 99],
      ["spec.pull_policy", 99],
      ["spec.restart.policy", 99],
      ["spec.restart.max_restarts", -1],
      ["spec.restart.max_restarts", 1_000_001],
      ...durations("spec.restart.initial_backoff", "3600.1s"),
      ["spec.restart.initial_backoff", "0s"],
      ...durations("spec.restart.max_backoff", "86400.1s"),
      ["spec.restart", { initial_backoff: "2s", max_backoff: "1s" }, "spec.restart.max_backoff"],
      ...durations("spec.handshake_timeout", "3600.1s"),
      ["spec.handshake_timeout", "0s"],
      ...durations("spec.call_timeout", "86400.1s"),
      ["spec.labels", entries(65)],
      ['spec.labels["mcpm.fleet"]', "x"],
      ['spec.labels["managed-by"]', "x"],
      ['spec.labels[""]', "x"],
      ['spec.labels["a"]', "x".repeat(4097)],
      ["spec.secrets", entries(257)],
      ['spec.secrets["A-B"]', "x"],
      ...["", "a b", "-a", "a/b", "x".repeat(65)].map((name): Violation => ['spec.secrets["A"]', name]),
      ["spec", { image: "i", env: { A: "" }, secrets: { A: "x" } }, 'spec.secrets["A"]'],
      ["spec.secret_files", Object.fromEntries(texts(65, "/run/secrets/").map((path) => [path, "x"]))],
      ...["a", "/a/../b/c", "/x", "/etc/x", "/run/x", "/dev/x", "/proc/x"].map(
        (file): Violation => [`spec.secret_files[${JSON.stringify(file)}]`, "x"],
      ),
      ['spec.secret_files["/run/secrets/a"]', "a b"],
      ["spec.secret_files", { "/s/a": "x", "//s/a": "y" }, 'spec.secret_files["//s/a"]'],
      ["spec.secret_files", { "/s/a": "x", "/s/a/b": "y" }, 'spec.secret_files["/s/a"]'],
      [
        "spec",
        { image: "i", mounts: [{ type: "MOUNT_TYPE_TMPFS", target: "/s" }], secret_files: { "/s/a": "x" } },
        "spec.mounts[0].target",
      ],
      ...durations("spec.health.interval", "86400.1s"),
      ...durations("spec.health.timeout", "3600.1s"),
      ["spec.health.failure_threshold", 0],
      ["spec.health.failure_threshold", 1001],
      ...durations("spec.idle_timeout", "86400.1s"),
      ["spec.replicas", 0],
      ["spec.replicas", 33],
      ["spec.call_limits.max_in_flight", 0],
      ["spec.call_limits.max_in_flight", 100_001],
      ["spec.call_limits.max_queued", -1],
      ["spec.call_limits.max_queued", 100_001],
    ],
  },
  Stop: { sound: { name: "x" }, violations: [...names("name"), ...grace] },
  Restart: { sound: { name: "x" }, violations: [...names("name"), ...grace] },
  ListSecrets: { sound: {}, violations: pages() },
  List: { sound: {}, violations: pages() },
  Get: { sound: { name: "h" }, violations: names("name") },
  ListTools: { sound: { server: "h" }, violations: [...names("server"), ...pages()] },
  CallTool: {
    sound: { server: "h", tool: "echo" },
    violations: calls,
  },
  CallToolStream: {
    sound: { server: "h", tool: "echo" },
    violations: [...calls, ...[-1, 1, 65_535, 1_073_741_825].map((bytes): Violation => ["max_message_bytes", bytes])],
  },
  ListResources: { sound: { server: "h" }, violations: [...names("server"), ...pages()] },
  ListResourceTemplates: { sound: { server: "h" }, violations: [...names("server"), ...pages()] },
  ReadResource: {
    sound: { server: "h", uri: "x:y" },
    violations: [...names("server"), ...texts8192("uri"), ["result_format", 99], ...asked],
  },
  SubscribeResource: { sound: { server: "h", uri: "x:y" }, violations: [...names("server"), ...texts8192("uri")] },
  ListPrompts: { sound: { server: "h" }, violations: [...names("server"), ...pages()] },
  GetPrompt: {
    sound: { server: "h", prompt: "p" },
    violations: [
      ...names("server"),
      ["prompt", ""],
      ["prompt", "x".repeat(8193)],
      ["arguments", entries(1025)],
      ["result_format", 99],
      ...asked,
    ],
  },
  Complete: {
    sound: { server: "h", prompt: "p", argument_name: "a" },
    violations: [
      ...names("server"),
      ["prompt", ""],
      ["prompt", "x".repeat(8193)],
      ["resource_template", ""],
      ["resource_template", "x".repeat(8193)],
      ["argument_name", ""],
      ["argument_name", "x".repeat(8193)],
      ["argument_value", "x".repeat(65_537)],
      ["context_arguments", entries(1025)],
    ],
  },
  SetLogLevel: {
    sound: { server: "h", level: "LOG_LEVEL_INFO" },
    violations: [...names("server"), ["level", 0], ["level", 99]],
  },
  Logs: {
    sound: { server: "h" },
    violations: [
      ...names("server"),
      ["tail", -1],
      ["since", "1969-12-31T23:59:59.999Z"],
      ["sources", texts(17).map(() => "LOG_SOURCE_STDERR")],
      ["sources[0]", 0],
      ["sources[0]", 99],
      ["cursor", "!"],
      ["cursor", "x".repeat(1025)],
    ],
  },
};
