import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig, unknownSettings, usage } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/settings/setting.ts";

type Env = Record<string, string | undefined>;

const fromEnv = (env: Env) => readConfig({ env, args: [] });
const fromFlags = (...args: string[]) => readConfig({ env: {}, args });

describe("readConfig", () => {
  it("has the documented defaults", () => {
    expect(fromEnv({})).toEqual({
      listen: {
        host: "127.0.0.1",
        port: 8080,
        insecureListen: false,
        allowedHosts: [],
        corsOrigins: [],
        maxConnectionsPerAddress: 2000,
      },
      fleet: {
        name: "default",
        stateDir: undefined,
        secretsDir: "/run/mcpm",
        serversFiles: [],
        stateKeys: [],
        reapGraceMs: 300_000,
        shutdownGraceMs: 10_000,
      },
      runtime: { kind: "docker", inContainer: false },
      admission: {
        bindRoots: [],
        bindUsers: ["1000:1000"],
        allowCaps: [],
        allowNetworks: [],
        subnets: ["10.231.0.0/20"],
        allowLabels: [],
        allowWritableRoot: false,
        maxCpus: 4,
        maxMemoryBytes: 4 * 1024 ** 3,
        maxPids: 4096,
        requireLimits: false,
        imageVolumes: "keep",
        registries: [],
      },
      limits: {
        maxRequestBytes: 16 * 1024 ** 2,
        maxLineBytes: 32 * 1024 ** 2,
        maxUnreadBytes: 256 * 1024 ** 2,
        logRingBytes: 1024 ** 2,
      },
      calls: { timeoutMs: 60_000, maxTimeoutMs: 600_000 },
      log: { level: "info" },
      docker: { host: undefined, configDir: join(homedir(), ".docker"), tls: undefined },
      state: { path: join(homedir(), ".local/state/mcp-docker-manager/default"), isGiven: false, fleet: "default" },
      process: { baseEnv: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: homedir() } },
    });
  });

  it("is frozen", () => {
    const config = fromEnv({});
    expect(Object.isFrozen(config)).toBe(true);
    for (const part of Object.values(config)) expect(Object.isFrozen(part)).toBe(true);
  });

  it("takes empty values for the default", () => {
    expect(fromEnv({ MCPM_PORT: "", MCPM_HOST: "", MCPM_BIND_ROOTS: "", DOCKER_HOST: "", DOCKER_CONFIG: "" })).toEqual(
      fromEnv({}),
    );
  });

  it("reads every setting from the environment", () => {
    expect(
      fromEnv({
        MCPM_HOST: "::1",
        MCPM_PORT: "0",
        MCPM_FLEET: "team-a",
        MCPM_BIND_ROOTS: "/data, //srv/./x/ ,",
        MCPM_ALLOWED_HOSTS: "Mcp.Example",
        MCPM_CORS_ORIGINS: "https://console.example,http://localhost:3000",
        MCPM_BIND_USERS: "1001:01002, 0:0",
        MCPM_ALLOW_CAPS: "CHOWN,NET_BIND_SERVICE",
        MCPM_ALLOW_NETWORKS: "bridge",
        MCPM_ALLOW_WRITABLE_ROOT: "1",
        MCPM_ALLOW_LABELS: "team, com.example.*",
        MCPM_REQUIRE_LIMITS: "1",
        MCPM_IMAGE_VOLUMES: "refuse",
        MCPM_SUBNETS: "10.1.0.0/24, 192.168.7.8/29",
        MCPM_REGISTRIES: "Registry.Example:5000, intranet,127.0.0.1:5000",
        MCPM_MAX_CPUS: "0.5",
        MCPM_LOG_LEVEL: "debug",
        DOCKER_HOST: "tcp://engine:2375",
        DOCKER_CONFIG: "/config",
        PATH: "/opt/bin:/bin",
        HOME: "/home/me",
        SECRET: "hunter2",
      }),
    ).toMatchObject({
      listen: {
        host: "::1",
        port: 0,
        allowedHosts: ["mcp.example"],
        corsOrigins: ["https://console.example", "http://localhost:3000"],
      },
      fleet: { name: "team-a" },
      admission: {
        bindRoots: ["/data", "/srv/x"],
        bindUsers: ["1001:1002", "0:0"],
        allowCaps: ["CHOWN", "NET_BIND_SERVICE"],
        allowNetworks: ["bridge"],
        allowLabels: ["team", "com.example.*"],
        allowWritableRoot: true,
        requireLimits: true,
        imageVolumes: "refuse",
        subnets: ["10.1.0.0/24", "192.168.7.8/29"],
        registries: ["registry.example:5000", "intranet", "127.0.0.1:5000"],
        maxCpus: 0.5,
      },
      log: { level: "debug" },
      docker: { host: "tcp://engine:2375", configDir: "/config" },
      process: { baseEnv: { PATH: "/opt/bin:/bin", HOME: "/home/me" } },
    });
  });

  it("keeps state where the setting says, or else where programs of the user keep theirs, a folder a fleet", () => {
    const stateOf = (env: Env) => fromEnv({ MCPM_FLEET: "f", HOME: "/home/me", ...env }).state;
    expect(stateOf({ MCPM_STATE_DIR: "/srv/./state/" })).toEqual({ path: "/srv/state", isGiven: true, fleet: "f" });
    expect(stateOf({ MCPM_STATE_DIR: "" })).toMatchObject({ path: "/home/me/.local/state/mcp-docker-manager/f" });
    expect(stateOf({ XDG_STATE_HOME: "/x" })).toEqual({ path: "/x/mcp-docker-manager/f", isGiven: false, fleet: "f" });
    // A relative path is none, by the specification.
    expect(stateOf({ XDG_STATE_HOME: "x" }).path).toBe("/home/me/.local/state/mcp-docker-manager/f");
    expect(() => stateOf({ MCPM_STATE_DIR: "state" })).toThrow("MCPM_STATE_DIR=state must hold absolute paths");
  });

  it("lets a flag win over its environment variable", () => {
    const config = readConfig({ env: { MCPM_PORT: "1", MCPM_FLEET: "a" }, args: ["--port", "2", "--max-cpus=3"] });
    expect(config).toMatchObject({ listen: { port: 2 }, fleet: { name: "a" }, admission: { maxCpus: 3 } });
  });

  it("lets the manager's own user write to bind mounts, unless that is root or the setting says who may", () => {
    const bindUsers = (user: string, env = {}) => readConfig({ env, args: [], user }).admission.bindUsers;
    expect(bindUsers("1001:100")).toEqual(["1000:1000", "1001:100"]);
    expect(bindUsers("1000:1000")).toEqual(["1000:1000"]);
    expect(bindUsers("0:0")).toEqual(["1000:1000"]);
    expect(bindUsers("0:5")).toEqual(["1000:1000"]);
    expect(bindUsers("1001:100", { MCPM_BIND_USERS: "65534:65534" })).toEqual(["65534:65534"]);
  });

  it.each([["--no-such", "1"], ["extra"], ["--port"], ["-p", "1"]])("refuses the flags %j", (...args) => {
    expect(() => fromFlags(...args.filter((arg) => typeof arg === "string"))).toThrow(ConfigError);
  });

  it.each([
    ["MCPM_HOST", "a b"],
    ["MCPM_PORT", "65536"],
    ["MCPM_PORT", "-1"],
    ["MCPM_PORT", "80x"],
    ["MCPM_PORT", "0x50"],
    ["MCPM_FLEET", "Team A"],
    ["MCPM_RUNTIME", "podman"],
    ["MCPM_BIND_ROOTS", "/data,relative"],
    ["MCPM_BIND_USERS", "1000"],
    ["MCPM_BIND_USERS", "1000:1000:1000"],
    ["MCPM_BIND_USERS", "node:node"],
    ["MCPM_BIND_USERS", "-1:0"],
    ["MCPM_BIND_USERS", "4294967296:0"],
    ["MCPM_ALLOWED_HOSTS", "host:8080"],
    ["MCPM_CORS_ORIGINS", "*"],
    ["MCPM_CORS_ORIGINS", "https://console.example/"],
    ["MCPM_ALLOW_CAPS", "CAP_CHOWN"],
    ["MCPM_ALLOW_NETWORKS", "host"],
    ["MCPM_ALLOW_WRITABLE_ROOT", "yes"],
    ["MCPM_ALLOW_LABELS", "*"],
    ["MCPM_ALLOW_LABELS", "a*b"],
    ["MCPM_REQUIRE_LIMITS", "yes"],
    ["MCPM_IMAGE_VOLUMES", "drop"],
    ["MCPM_SUBNETS", "10.0.0.0/30"],
    ["MCPM_SUBNETS", "10.0.0.1/24"],
    ["MCPM_SUBNETS", "fd00::/64"],
    ["MCPM_REGISTRIES", "https://registry.example"],
    ["MCPM_REGISTRIES", "registry.example/team"],
    ["MCPM_REGISTRIES", "registry.example:"],
    ["MCPM_MAX_CPUS", "0"],
    ["MCPM_MAX_CPUS", "1e3"],
    ["MCPM_MAX_MEMORY_BYTES", "4g"],
    ["MCPM_MAX_PIDS", "0"],
    ["MCPM_MAX_REQUEST_BYTES", "1"],
    ["MCPM_MAX_LINE_BYTES", "99999999999999999"],
    ["MCPM_MAX_UNREAD_BYTES", "1000"],
    ["MCPM_MAX_CONNECTIONS_PER_ADDRESS", "9"],
    ["MCPM_CALL_TIMEOUT_MS", "0"],
    ["MCPM_MAX_CALL_TIMEOUT_MS", "1.5"],
    ["MCPM_LOG_RING_BYTES", "100"],
    ["MCPM_SHUTDOWN_GRACE_MS", "forever"],
    ["MCPM_INSECURE_LISTEN", "true"],
    ["MCPM_IN_CONTAINER", "docker"],
    ["MCPM_LOG_LEVEL", "loud"],
  ])("stops at %s=%s with the setting's name", (name, value) => {
    expect(() => fromEnv({ [name]: value })).toThrow(ConfigError);
    expect(() => fromEnv({ [name]: value })).toThrow(`${name}=${value} must`);
    const flag = `--${name.replace("MCPM_", "").toLowerCase().replaceAll("_", "-")}=${value}`;
    expect(() => fromFlags(flag)).toThrow(`${name}=${value} must`);
  });

  it.each(["localhost", "127.0.0.1", "127.1.2.3", "::1"])("listens on %s without more ado", (host) => {
    expect(fromEnv({ MCPM_HOST: host }).listen.host).toBe(host);
  });

  it.each(["0.0.0.0", "::", "192.168.1.2", "manager.example"])(
    "listens on %s only when told that it is insecure",
    (host) => {
      expect(() => fromEnv({ MCPM_HOST: host })).toThrow(`MCPM_HOST=${host} is not a loopback address`);
      expect(() => fromEnv({ MCPM_HOST: host, MCPM_INSECURE_LISTEN: "0" })).toThrow(ConfigError);
      expect(fromEnv({ MCPM_HOST: host, MCPM_INSECURE_LISTEN: "1" }).listen.host).toBe(host);
    },
  );
});

describe("readConfig, for plain processes", () => {
  it("wants to be asked for them", () => {
    expect(fromEnv({ MCPM_RUNTIME: "process" }).runtime.kind).toBe("process");
    expect(fromFlags("--runtime", "process", "--host", "::1").runtime.kind).toBe("process");
  });

  it.each(["0.0.0.0", "::", "192.168.1.2", "manager.example"])(
    "refuses to listen on %s, told that it is insecure or not",
    (host) => {
      for (const MCPM_INSECURE_LISTEN of ["0", "1"]) {
        const env = { MCPM_RUNTIME: "process", MCPM_HOST: host, MCPM_INSECURE_LISTEN };
        expect(() => fromEnv(env)).toThrow(ConfigError);
        expect(() => fromEnv(env)).toThrow(/MCPM_HOST=.* not a loopback address.*MCPM_RUNTIME=process/);
      }
    },
  );

  it("hands them nothing of the environment but PATH and HOME", () => {
    expect(Object.keys(fromEnv({ PATH: "/bin", HOME: "/", SECRET: "hunter2" }).process.baseEnv)).toEqual([
      "PATH",
      "HOME",
    ]);
  });
});

describe("readConfig, with a TLS engine", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mcpm-test-"));
    for (const name of ["ca", "cert", "key"]) await writeFile(join(folder, `${name}.pem`), name);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("reads the certificates", () => {
    const { tls } = fromEnv({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder }).docker;
    expect(tls).toEqual({ folder, ca: Buffer.from("ca"), cert: Buffer.from("cert"), key: Buffer.from("key") });
    expect(fromEnv({ DOCKER_TLS_VERIFY: "1", DOCKER_CONFIG: folder }).docker.tls).toEqual(tls);
  });

  it("names the settings when they can't be read", () => {
    const env = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: join(folder, "missing") };
    expect(() => fromEnv(env)).toThrow("DOCKER_TLS_VERIFY is set, but DOCKER_CERT_PATH=");
  });
});

describe("usage", () => {
  it("shows every setting with its flag and its default", () => {
    expect(usage()).toContain("--port, MCPM_PORT\n      port to listen on; 0: any free one (8080)\n");
    expect(usage()).toContain("--bind-roots, MCPM_BIND_ROOTS\n");
    expect(usage()).toContain("(none)");
    expect(usage()).toContain("--insecure-listen, MCPM_INSECURE_LISTEN\n");
    const { docker, process, state, ...settings } = fromEnv({});
    const count = Object.values(settings).flatMap((owner) => Object.keys(owner)).length;
    expect(usage().match(/MCPM_[A-Z_]+\n/g)).toHaveLength(count);
  });

  it("groups them by who they concern", () => {
    expect(usage()).toContain("The fleet:\n  --fleet, MCPM_FLEET\n");
    expect(usage()).toContain("(4)\n  --max-memory-bytes");
    expect(usage()).toContain("(2000)\n\nThe fleet:\n");
  });
});

describe("unknownSettings", () => {
  it("names what looks like a setting and is none", () => {
    const env = { MCPM_BIND_ROOT: "/x", MCPM_PORT: "1", MCPM_PYTHON_IMAGE: "python:3", HOME: "/root" };
    expect(unknownSettings({ env, args: [] })).toEqual(["MCPM_BIND_ROOT"]);
  });
});
