import { create, fromBinary, fromJson, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ServerSpecSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { sameSpec } from "../../../src/base/spec/same-spec.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { specFromProto } from "../../../src/rpc/convert/spec-from-proto.ts";

const fromSpec = (spec: JsonObject) => specFromProto(fromJson(ServerSpecSchema, spec));

const everything: JsonObject = {
  image: "i",
  command: ["c"],
  args: ["a", ""],
  env: { A: "", B: "x" },
  mounts: [
    { type: "MOUNT_TYPE_BIND", source: "/s", target: "/t", writable: true },
    { type: "MOUNT_TYPE_TMPFS", target: "/u" },
  ],
  limits: { cpus: 0.5, memoryBytes: "8000000", pids: "7" },
  network: { none: {} },
  workingDir: "/w",
  user: "u",
  readOnlyRoot: false,
  capAdd: ["CHOWN"],
  era: "ERA_LEGACY",
  pullPolicy: "PULL_POLICY_IF_MISSING",
  restart: { policy: "RESTART_POLICY_NEVER" },
  handshakeTimeout: "1.5s",
  callTimeout: "0.000001s",
  labels: { l: "v" },
  callLimits: { maxInFlight: 4, maxQueued: 0 },
  secrets: { TOKEN: "github" },
  secretFiles: { "/run/secrets/key": "key" },
};

describe("specFromProto", () => {
  it("puts every field in the domain's spelling and units", () => {
    expect(fromSpec(everything)).toEqual({
      image: "i",
      command: ["c"],
      args: ["a", ""],
      env: { A: "", B: "x" },
      mounts: [
        { type: "bind", source: "/s", target: "/t", writable: true },
        { type: "tmpfs", target: "/u" },
      ],
      limits: { cpus: 0.5, memoryBytes: 8_000_000, pids: 7 },
      network: "none",
      workingDir: "/w",
      user: "u",
      readOnlyRoot: false,
      capAdd: ["CHOWN"],
      era: "legacy",
      pullPolicy: "if_missing",
      restart: { policy: "never" },
      handshakeTimeoutMs: 1500,
      callTimeoutMs: 0.001,
      labels: { l: "v" },
      callLimits: { maxInFlight: 4, maxQueued: 0 },
      secrets: { TOKEN: "github" },
      secretFiles: { "/run/secrets/key": "key" },
    });
  });

  it("has no key for what is unset, empty or unspecified", () => {
    expect(Object.keys(fromSpec({ image: "i" }))).toEqual(["image"]);
    expect(
      Object.keys(
        fromSpec({
          image: "i",
          command: [],
          env: {},
          limits: {},
          era: "ERA_UNSPECIFIED",
          pullPolicy: "PULL_POLICY_UNSPECIFIED",
          restart: { policy: "RESTART_POLICY_UNSPECIFIED" },
          user: "",
        }),
      ),
    ).toEqual(["image"]);
    expect(fromSpec({ image: "i", mounts: [{ type: "MOUNT_TYPE_TMPFS", target: "/t", writable: false }] })).toEqual({
      image: "i",
      mounts: [{ type: "tmpfs", target: "/t" }],
    });
  });

  it("keeps what is set to zero", () => {
    expect(fromSpec({ image: "i", limits: { cpus: 0, pids: "0" }, readOnlyRoot: false, callTimeout: "0s" })).toEqual({
      image: "i",
      limits: { cpus: 0, pids: 0 },
      readOnlyRoot: false,
      callTimeoutMs: 0,
    });
  });

  it("makes equal specs of equal messages, however they came", () => {
    const message = fromJson(ServerSpecSchema, everything);
    const copies = [
      fromBinary(ServerSpecSchema, toBinary(ServerSpecSchema, message)),
      fromJson(ServerSpecSchema, toJson(ServerSpecSchema, message)),
      create(ServerSpecSchema, { ...message, env: { B: "x", A: "" } }),
    ];
    for (const copy of copies) {
      expect(sameSpec(asSpec(specFromProto(message)), asSpec(specFromProto(copy)))).toBe(true);
    }
  });

  it.each(Object.keys(everything))("makes another spec of a message without %s", (field) => {
    const { [field]: _left, ...rest } = everything;
    expect(sameSpec(asSpec(fromSpec(everything)), asSpec(fromSpec(rest)))).toBe(false);
  });

  it("makes words that no schema knows of enum numbers that nobody knows", () => {
    expect(fromSpec({ image: "i", era: 9, pullPolicy: -1, restart: { policy: 7 } })).toEqual({
      image: "i",
      era: "unknown (9)",
      pullPolicy: "unknown (-1)",
      restart: { policy: "unknown (7)" },
    });
  });
});

function asSpec(spec: Record<string, unknown>): ServerSpec {
  return spec as unknown as ServerSpec;
}
