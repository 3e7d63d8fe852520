import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ServerSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import type { ServerFailure } from "../../../src/fleet/state/server-failure.ts";
import type { ServerSnapshot } from "../../../src/fleet/state/server-snapshot.ts";
import { serverToProto } from "../../../src/rpc/convert/server-to-proto.ts";
import { specFromProto } from "../../../src/rpc/convert/spec-from-proto.ts";

const spec: Required<ServerSpec> = {
  image: "i",
  command: ["c"],
  args: ["a"],
  env: { TOKEN: "hidden", EMPTY: "" },
  mounts: [{ type: "bind", source: "/s", target: "/t", writable: true }],
  limits: { cpus: 0.5, memoryBytes: 8_000_000, pids: 7 },
  network: "bridge",
  workingDir: "/w",
  user: "u",
  readOnlyRoot: false,
  capAdd: ["CHOWN"],
  era: "legacy",
  pullPolicy: "never",
  restart: { policy: "on_failure", maxRestarts: 0, initialBackoffMs: 1, maxBackoffMs: 2000 },
  health: { intervalMs: 0, timeoutMs: 5, failureThreshold: 2, killUnhealthy: true },
  idleTimeoutMs: 60_000,
  replicas: 3,
  handshakeTimeoutMs: 1500,
  callTimeoutMs: 1,
  labels: { l: "v" },
  callLimits: { maxInFlight: 4, maxQueued: 0 },
  init: false,
  secrets: { KEY: "github" },
  secretFiles: { "/run/x/key": "key" },
};

function snapshot(parts: Partial<ServerSnapshot> = {}): ServerSnapshot {
  return {
    name: "s",
    spec: { image: "i" },
    origin: undefined,
    state: "ready",
    rests: false,
    restartCount: 0,
    callsInFlight: 0,
    callsQueued: 0,
    failure: undefined,
    mcp: undefined,
    instances: [],
    strayLines: 0,
    lateReplies: 0,
    oomKills: 0,
    revision: 1,
    pullProgress: "",
    ...parts,
  };
}

const json = (parts: Partial<ServerSnapshot>) => toJson(ServerSchema, serverToProto(snapshot(parts), "docker"));

describe("serverToProto", () => {
  it("never shows env values, and everything else of the spec as the user gave it", () => {
    const message = serverToProto(snapshot({ spec }), "docker");
    expect(JSON.stringify(toJson(ServerSchema, message))).not.toContain("hidden");
    const shown = message.spec === undefined ? undefined : specFromProto(message.spec);
    expect(shown).toEqual({ ...spec, env: { TOKEN: "", EMPTY: "" } });
  });

  it("shows no defaults that the user did not ask for", () => {
    expect(json({})).toEqual({ name: "s", spec: { image: "i" }, state: "SERVER_STATE_READY", runtime: "docker" });
  });

  it("shows counters, the handshake and the instance", () => {
    expect(
      json({
        restartCount: 2,
        callsInFlight: 3,
        callsQueued: 4,
        lateReplies: 5,
        mcp: {
          era: "legacy",
          protocolVersion: "2025-11-25",
          serverName: "n\ud800",
          serverVersion: "1",
          instructions: "",
          capabilitiesJson: '{"tools":{}}',
        },
        instances: [
          {
            record: {
              id: "c".repeat(64),
              server: "s",
              instance: "u-1",
              replica: 0,
              spec,
              state: "exited",
              mark: "none",
              usability: { kind: "usable" },
              imageId: "sha256:1",
              imageDigest: "",
              keepsData: false,
              createTimeMs: 1500,
              startTimeMs: 2000,
              exit: { exitCode: 0, oomKilled: true },
            },
            state: "backing_off",
            callsInFlight: 5,
            health: { healthy: false, failures: 3, repliedMs: 1000 },
          },
        ],
      }),
    ).toMatchObject({
      createTime: "1970-01-01T00:00:01.500Z",
      restartCount: "2",
      callsInFlight: "3",
      callsQueued: "4",
      lateReplies: "5",
      mcp: {
        era: "ERA_LEGACY",
        protocolVersion: "2025-11-25",
        serverName: "n\ufffd",
        capabilitiesJson: '{"tools":{}}',
      },
      instances: [
        {
          id: "u-1",
          containerId: "c".repeat(64),
          imageId: "sha256:1",
          state: "INSTANCE_STATE_EXITED",
          startTime: "1970-01-01T00:00:02Z",
          exitCode: 0,
          oomKilled: true,
          serverState: "SERVER_STATE_BACKING_OFF",
          callsInFlight: "5",
          health: { failures: 3, answerTime: "1970-01-01T00:00:01Z" },
        },
      ],
    });
  });

  it("shows why a server failed, within bounds", () => {
    const failure: ServerFailure = {
      kind: "not_running",
      message: "漢".repeat(10_000),
      timeMs: 1000,
      details: {
        reason: "SERVER_EXITED",
        delivery: "not_sent",
        exitCode: 137,
        oomKilled: true,
        stderrTail: `${"x".repeat(100_000)}last words`,
      },
    };
    const message = serverToProto(snapshot({ state: "failed", failure }), "docker");
    const { lastError } = fromBinary(ServerSchema, toBinary(ServerSchema, message));
    expect(lastError).toMatchObject({ code: 9, reason: "SERVER_EXITED", exitCode: 137, oomKilled: true });
    expect(lastError?.stderrTail).toMatch(/^…x+last words$/);
    expect(Buffer.byteLength(lastError?.message ?? "")).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(lastError?.stderrTail ?? "")).toBeLessThanOrEqual(2048);
  });
});
